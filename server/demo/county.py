"""What the demo county consists of: Shapotou district of Zhongwei, drawn freely after the map; no person is real."""

from __future__ import annotations

import msgspec

from server.demo.streets import Bend, Street

OPERATOR = "ZWXC"
ZONE = "Asia/Shanghai"


class DemoSchool(msgspec.Struct, frozen=True):
    """A school and the place of its stop (degrees)."""

    code: str
    name: str
    area: str
    stop: str
    place: tuple[float, float]


class DemoRoute(msgspec.Struct, frozen=True):
    """A route from a school outwards: its street, and the names of the stops on it, the nearest first."""

    code: str
    short_name: str
    long_name: str
    school: DemoSchool
    street: Street
    stops: tuple[str, ...]


class DemoBus(msgspec.Struct, frozen=True):
    """A bus, its route, and when in the cycle it sets out (s)."""

    number: int
    route: DemoRoute
    phase_s: int


AREAS = (
    ("ZW", None, "中卫市", "city"),
    ("ZW-SPT", "ZW", "沙坡头区", "county"),
    ("ZW-SPT-WC", "ZW-SPT", "文昌镇", "township"),
    ("ZW-SPT-BH", "ZW-SPT", "滨河镇", "township"),
    ("ZW-SPT-YSQ", "ZW-SPT", "迎水桥镇", "township"),
    ("ZW-SPT-DY", "ZW-SPT", "东园镇", "township"),
    ("ZW-SPT-RY", "ZW-SPT", "柔远镇", "township"),
    ("ZW-SPT-CL", "ZW-SPT", "常乐镇", "township"),
)

SCHOOL_WEST = DemoSchool("ZW-S01", "沙坡头区应理小学", "ZW-SPT-WC", "S01", (37.5118, 105.1842))
SCHOOL_EAST = DemoSchool("ZW-S02", "沙坡头区滨河中学", "ZW-SPT-BH", "S02", (37.5006, 105.2105))
SCHOOLS = (SCHOOL_WEST, SCHOOL_EAST)

ROUTES = (
    DemoRoute(
        "R1",
        "1路",
        "应理小学—黑林村（滨河西路）",
        SCHOOL_WEST,
        Street(
            SCHOOL_WEST.place,
            205.0,
            (980, 1120, 1060, 1240, 1010, 1180, 1090),
            (Bend(900, 1050, 48), Bend(3900, 4200, 22), Bend(6100, 6300, -20)),
            7.0,
            1300.0,
        ),
        ("黄河花园", "官桥村", "姚滩村", "牛滩村", "杨渠村", "夹道村", "黑林村"),
    ),
    DemoRoute(
        "R2",
        "2路",
        "应理小学—史湖村",
        SCHOOL_WEST,
        Street(
            SCHOOL_WEST.place,
            350.0,
            (1040, 930, 1190, 1010, 1130, 960, 1210),
            (Bend(1000, 1100, 62), Bend(3000, 3120, -50), Bend(5200, 5400, 34)),
            5.0,
            1700.0,
        ),
        ("应理北街", "新墩村", "红武村", "双桥村", "韩闸村", "八字渠村", "史湖村"),
    ),
    DemoRoute(
        "R3",
        "3路",
        "滨河中学—镇靖村",
        SCHOOL_EAST,
        Street(
            SCHOOL_EAST.place,
            75.0,
            (1110, 1000, 1050, 940, 1220, 1080, 1020),
            (Bend(1900, 2050, 36), Bend(4300, 4450, -44)),
            8.0,
            1500.0,
        ),
        ("柔远街", "沙渠村", "刘台村", "范庙村", "高营村", "冯庄村", "镇靖村"),
    ),
    DemoRoute(
        "R4",
        "4路",
        "滨河中学—枣林村（黄河大桥）",
        SCHOOL_EAST,
        Street(
            SCHOOL_EAST.place,
            168.0,
            (960, 1250, 1030, 1140, 990, 1170, 1050),
            (Bend(2500, 2650, -58), Bend(5000, 5200, 30)),
            6.0,
            1400.0,
        ),
        ("滨河东路", "黄河大桥南", "常乐街", "康乐村", "水车村", "马路滩村", "枣林村"),
    ),
)

# Phases are spread so that somewhere a bus comes to a stop with children as evenly as six buses can.
BUSES = (
    DemoBus(1, ROUTES[0], 0),
    DemoBus(2, ROUTES[0], 1602),
    DemoBus(3, ROUTES[1], 558),
    DemoBus(4, ROUTES[2], 941),
    DemoBus(5, ROUTES[2], 2506),
    DemoBus(6, ROUTES[3], 1994),
)
