"""Where the demo county's 46 buses drive: by which school, which way out of it, through which villages.

Drawn freely after the map of Zhongwei: the plain of the Yellow River from Shapotou down to Baima, and the valleys of
Haiyuan in the south. A road is no real road, and no person is real.
"""

from __future__ import annotations

from server.demo import areas as a
from server.demo.county import DemoRoute, plan_route
from server.demo.timing import FAR, TOWN, VALLEY

# Villages from the school outwards; headings in degrees clockwise from north; turns as (share of the way, degrees).
# Phases (s) are spread so that, of the first six buses as of all, one comes to a stop with children as evenly as can be.
# fmt: off
ROUTES: tuple[DemoRoute, ...] = (
    # Shapotou: town
    plan_route(
        1,
        a.YINGLI,
        TOWN,
        205,
        ((0.12, 48), (0.5, 22), (0.8, -20)),
        "黄河花园 官桥村 姚滩村 牛滩村 杨渠村 夹道村 黑林村",
        0,
    ),
    plan_route(
        2,
        a.YINGLI,
        TOWN,
        350,
        ((0.13, 62), (0.4, -50), (0.7, 34)),
        "应理北街 新墩村 红武村 双桥村 韩闸村 八字渠村 史湖村",
        2040,
    ),
    plan_route(
        3,
        a.BINHE,
        TOWN,
        75,
        ((0.25, 36), (0.6, -44)),
        "柔远街 沙渠村 刘台村 范庙村 高营村 冯庄村 镇靖村",
        2145,
    ),
    plan_route(
        4,
        a.BINHE,
        TOWN,
        168,
        ((0.35, -58), (0.7, 30)),
        "滨河东路 黄河大桥南 常乐街 康乐村 水车村 马路滩村 枣林村",
        900,
    ),
    plan_route(
        5,
        a.YINGLI,
        TOWN,
        268,
        ((0.3, -18), (0.7, 24)),
        "沙坡头大道 新墩南 五里村 鸣钟村 何滩村 码头村 上滩村",
        1170,
    ),
    plan_route(
        6,
        a.BINHE,
        TOWN,
        104,
        ((0.2, -30), (0.55, 26)),
        "鼓楼东街 雍楼村 施庙村 夹渠村 莫楼村 渡口村 砖塔村",
        255,
    ),
    # Shapotou: both banks of the river, and up to its hills
    plan_route(7, a.YINGSHUIQIAO, VALLEY, 246, ((0.3, -24), (0.6, 38)), "下滩 鸣沙 沙坡头", 90),
    plan_route(
        8, a.YINGSHUIQIAO, FAR, 285, ((0.2, 25), (0.5, -40), (0.8, 22)), "孟家湾 长流水 上茶房 营盘水", 1170
    ),
    plan_route(9, a.ROUYUAN, VALLEY, 20, ((0.25, 35), (0.7, -28)), "郑口 白桥 新星", 1710),
    plan_route(10, a.ZHENLUO, VALLEY, 92, ((0.4, -14), (0.75, 26)), "凯歌 李嘴 胜金", 4140),
    plan_route(11, a.ZHENLUO, VALLEY, 50, ((0.3, 32), (0.65, -36)), "镇北 九塘 观音", 1980),
    plan_route(12, a.XUANHE, VALLEY, 88, ((0.35, -20), (0.7, 24)), "旧营 何营 东台", 3690),
    plan_route(13, a.XUANHE, VALLEY, 205, ((0.3, 34), (0.6, -26)), "丹阳 福堂 张洪", 2970),
    plan_route(14, a.YONGKANG, VALLEY, 272, ((0.4, -22), (0.75, 30)), "永丰 刘湾 倪滩", 990),
    plan_route(
        15, a.YONGKANG, FAR, 160, ((0.2, 40), (0.45, -52), (0.8, 34)), "彩达 党家水 校育川 景台", 2880
    ),
    plan_route(16, a.BINHE, FAR, 196, ((0.25, -32), (0.5, 46), (0.75, -38)), "罗泉 熊水 米粮川 景庄", 4320),
    plan_route(17, a.XUANHE, FAR, 150, ((0.3, 36), (0.6, -48)), "喜沟 曹山 草台 海和", 5130),
    plan_route(18, a.YINGLI, VALLEY, 12, ((0.3, -28), (0.65, 40)), "赵桥 曹闸 金沙", 1260),
    plan_route(19, a.ROUYUAN, VALLEY, 70, ((0.35, 28), (0.7, -20)), "施庙 关庄 沈桥", 2160),
    plan_route(20, a.BINHE, FAR, 140, ((0.3, -40), (0.7, 18)), "海乐 阳沟 沙滩 永乐", 1530),
    # Zhongning: from the narrows down the plain
    plan_route(21, a.NINGAN, VALLEY, 276, ((0.4, -16), (0.75, 22)), "潘营 孔滩 田滩", 2430),
    plan_route(22, a.NINGAN, FAR, 190, ((0.2, -30), (0.5, 42), (0.8, -24)), "刘庙 毛营 盖湾 南湾", 0),
    plan_route(23, a.ZHONGNING_3, VALLEY, 100, ((0.3, -34), (0.7, 26)), "古城 华寺 上庄", 3330),
    plan_route(
        24, a.ZHONGNING_3, FAR, 162, ((0.25, 32), (0.55, -36), (0.8, 20)), "肖闸 创业 丰安 长山头", 4500
    ),
    plan_route(25, a.SHIKONG, VALLEY, 250, ((0.35, 26), (0.7, -32)), "张台 黄羊 余丁", 360),
    plan_route(26, a.SHIKONG, VALLEY, 68, ((0.3, -22), (0.7, 30)), "太平 关帝 枣园", 900),
    plan_route(
        27, a.SHIKONG, FAR, 330, ((0.2, -45), (0.55, 40), (0.8, -30)), "高山寺 倪丁 史营 石碱沟", 2070
    ),
    plan_route(28, a.MINGSHA, VALLEY, 42, ((0.4, 18), (0.75, -26)), "黄营 白路 白马", 2880),
    plan_route(29, a.MINGSHA, VALLEY, 230, ((0.3, 24), (0.65, -20)), "李滩 薛营 曹桥", 2430),
    plan_route(30, a.MINGSHA, FAR, 22, ((0.3, 30), (0.7, -34)), "长滩 五道渠 彰恩 三道湖", 990),
    plan_route(
        31, a.DAZHANCHANG, FAR, 205, ((0.2, 28), (0.5, -44), (0.8, 26)), "清河 马塘 周新 喊叫水", 4590
    ),
    plan_route(32, a.DAZHANCHANG, FAR, 140, ((0.3, -30), (0.65, 38)), "红宝 花豹湾 石喇叭 杞海", 1440),
    plan_route(33, a.DAZHANCHANG, VALLEY, 348, ((0.35, 30), (0.7, -40)), "宁原 东盛 唐圈", 540),
    plan_route(34, a.DAZHANCHANG, FAR, 248, ((0.25, -34), (0.6, 42)), "马莲梁 红柳 田套 徐套", 3060),
    plan_route(35, a.ENHE, FAR, 172, ((0.2, 36), (0.5, -28), (0.8, -22)), "双井 秦庄 红梧 朱台", 5490),
    # Haiyuan: the valleys in the south
    plan_route(36, a.HAICHENG, FAR, 178, ((0.25, 38), (0.6, -46)), "段塬 田拐 徐坪 史店", 3690),
    plan_route(37, a.HAICHENG, FAR, 240, ((0.2, -28), (0.5, 44), (0.8, -30)), "武塬 龚湾 红井 树台", 2700),
    plan_route(38, a.HAIYUAN_3, FAR, 92, ((0.3, 32), (0.65, -38)), "堡台 马营 双河 贾塘", 5670),
    plan_route(39, a.HAIYUAN_3, FAR, 40, ((0.25, -36), (0.55, 42), (0.8, -20)), "山门 冯湾 脱场 关桥", 2160),
    plan_route(40, a.HAIYUAN_3, FAR, 142, ((0.3, -44), (0.7, 36)), "高台 前川 南河 曹洼", 630),
    plan_route(41, a.XIAN, FAR, 262, ((0.25, 30), (0.6, -34)), "胡湾 园河 薛套 甘盐池", 5580),
    plan_route(42, a.XIAN, FAR, 330, ((0.2, 40), (0.5, -52), (0.8, 28)), "付套 范台 小河 菜园", 5310),
    plan_route(43, a.LIWANG, FAR, 338, ((0.3, -18), (0.7, 26)), "新源 团庄 三分湾 高崖", 2610),
    plan_route(44, a.LIWANG, FAR, 172, ((0.35, 20), (0.7, -24)), "二道梁 马堡 八营 七营", 1260),
    plan_route(45, a.LIWANG, FAR, 252, ((0.2, -38), (0.5, 46), (0.8, -26)), "九道 杨堡 七百户 韩府", 3690),
    plan_route(46, a.SANHE, FAR, 268, ((0.3, 34), (0.65, -42)), "富陵 辽坡 红城 苋麻", 180),
)
# fmt: on
