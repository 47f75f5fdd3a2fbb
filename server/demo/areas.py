"""Who is responsible for what in the demo county: its areas in three tiers, its companies and its schools."""

from __future__ import annotations

import msgspec

ZONE = "Asia/Shanghai"
CITY = "ZW"

Place = tuple[float, float]


class Company(msgspec.Struct, frozen=True):
    """An operator: the area it sits in, and the account names of its dispatchers and of its supervisor."""

    code: str
    area: str
    name: str
    issuer: str
    dispatchers: str
    supervisor: str
    supervised_by: str


class DemoSchool(msgspec.Struct, frozen=True):
    """A school and the place of its stop (degrees)."""

    code: str
    name: str
    area: str
    stop: str
    place: Place


AREAS = (
    (CITY, None, "中卫市", "city"),
    ("ZW-SPT", CITY, "沙坡头区", "county"),
    ("ZW-ZN", CITY, "中宁县", "county"),
    ("ZW-HY", CITY, "海原县", "county"),
    ("ZW-SPT-WC", "ZW-SPT", "文昌镇", "township"),
    ("ZW-SPT-BH", "ZW-SPT", "滨河镇", "township"),
    ("ZW-SPT-YSQ", "ZW-SPT", "迎水桥镇", "township"),
    ("ZW-SPT-DY", "ZW-SPT", "东园镇", "township"),
    ("ZW-SPT-RY", "ZW-SPT", "柔远镇", "township"),
    ("ZW-SPT-CL", "ZW-SPT", "常乐镇", "township"),
    ("ZW-SPT-ZL", "ZW-SPT", "镇罗镇", "township"),
    ("ZW-SPT-XH", "ZW-SPT", "宣和镇", "township"),
    ("ZW-SPT-YK", "ZW-SPT", "永康镇", "township"),
    ("ZW-ZN-NA", "ZW-ZN", "宁安镇", "township"),
    ("ZW-ZN-SK", "ZW-ZN", "石空镇", "township"),
    ("ZW-ZN-MS", "ZW-ZN", "鸣沙镇", "township"),
    ("ZW-ZN-DZC", "ZW-ZN", "大战场镇", "township"),
    ("ZW-ZN-EH", "ZW-ZN", "恩和镇", "township"),
    ("ZW-HY-HC", "ZW-HY", "海城街道", "township"),
    ("ZW-HY-XA", "ZW-HY", "西安镇", "township"),
    ("ZW-HY-LW", "ZW-HY", "李旺镇", "township"),
    ("ZW-HY-SH", "ZW-HY", "三河镇", "township"),
)

COMPANIES = (
    Company(
        "ZWXC",
        "ZW-SPT",
        "沙坡头区校车服务有限公司",
        "沙坡头区人民政府",
        "dispatch",
        "district",
        "沙坡头区教育局",
    ),
    Company(
        "ZNXC",
        "ZW-ZN",
        "中宁县校车服务有限公司",
        "中宁县人民政府",
        "dispatch-zn",
        "zhongning",
        "中宁县教育局",
    ),
    Company(
        "HYXC", "ZW-HY", "海原县校车服务有限公司", "海原县人民政府", "dispatch-hy", "haiyuan", "海原县教育局"
    ),
)


def _school(number: int, name: str, area: str, lat: float, lon: float) -> DemoSchool:
    return DemoSchool(f"ZW-S{number:02}", name, area, f"S{number:02}", (lat, lon))


YINGLI = _school(1, "沙坡头区应理小学", "ZW-SPT-WC", 37.5118, 105.1842)
BINHE = _school(2, "沙坡头区滨河中学", "ZW-SPT-BH", 37.5006, 105.2105)
YINGSHUIQIAO = _school(3, "迎水桥九年制学校", "ZW-SPT-YSQ", 37.5205, 105.1120)
ROUYUAN = _school(4, "柔远九年制学校", "ZW-SPT-RY", 37.5190, 105.2560)
ZHENLUO = _school(5, "镇罗中学", "ZW-SPT-ZL", 37.5150, 105.3350)
XUANHE = _school(6, "宣和中学", "ZW-SPT-XH", 37.4330, 105.4300)
YONGKANG = _school(7, "永康九年制学校", "ZW-SPT-YK", 37.4400, 105.3500)
NINGAN = _school(8, "中宁县宁安小学", "ZW-ZN-NA", 37.4905, 105.6790)
ZHONGNING_3 = _school(9, "中宁县第三中学", "ZW-ZN-NA", 37.4860, 105.6980)
SHIKONG = _school(10, "石空中学", "ZW-ZN-SK", 37.5560, 105.6050)
MINGSHA = _school(11, "鸣沙九年制学校", "ZW-ZN-MS", 37.5890, 105.8800)
DAZHANCHANG = _school(12, "大战场中学", "ZW-ZN-DZC", 37.3850, 105.6250)
ENHE = _school(13, "恩和九年制学校", "ZW-ZN-EH", 37.5240, 105.7500)
HAICHENG = _school(14, "海原县海城小学", "ZW-HY-HC", 36.5650, 105.6430)
HAIYUAN_3 = _school(15, "海原县第三中学", "ZW-HY-HC", 36.5700, 105.6560)
XIAN = _school(16, "西安九年制学校", "ZW-HY-XA", 36.6030, 105.4850)
LIWANG = _school(17, "李旺中学", "ZW-HY-LW", 36.7250, 106.1150)
SANHE = _school(18, "三河九年制学校", "ZW-HY-SH", 36.3520, 106.1450)


def company_of(school: DemoSchool) -> Company:
    """Give the company that serves a school: the one that sits in its county."""
    return next(one for one in COMPANIES if school.area.startswith(f"{one.area}-"))
