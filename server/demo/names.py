"""Make up people's names, the same ones every time."""

from __future__ import annotations

from random import Random

_FAMILY = "王李张刘陈杨马赵黄周吴徐孙胡朱高林何郭罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红波宁建国文辉鹏雪琴梅晨宇欣怡涵睿泽浩然子轩梓萱诗雨佳琪思远"


class Names:
    """A stream of made-up names that a seed decides."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def family(self) -> str:
        """Give a family name."""
        return self._random.choice(_FAMILY)

    def given(self) -> str:
        """Give a given name of one or two characters."""
        return "".join(self._random.sample(_GIVEN, self._random.choice((1, 2, 2))))

    def person(self) -> str:
        """Give a whole name."""
        return self.family() + self.given()

    def phone(self) -> str:
        """Give a number in 100-0000-xxxx, which nobody has."""
        return f"1000000{self._random.randrange(10000):04}"
