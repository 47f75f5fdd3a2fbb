"""The printed card of a permit (校车标牌): a page of A5 in Chinese, with a code that leads to what the permit is today."""

from __future__ import annotations

import io
from typing import Final

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A5, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from server.service.permits_rows import PermitRow

# One of the fonts that every reader of PDF brings for Chinese; a file of its own would weigh ten megabytes.
FONT: Final = "STSong-Light"
INK, QUIET, BUS = HexColor("#14181f"), HexColor("#566070"), HexColor("#f2a900")


def draw_card(permit: PermitRow, address: str) -> bytes:
    """Draw the card as PDF; `address` is what its code leads to."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = io.BytesIO()
    width, height = landscape(A5)
    canvas = Canvas(out, pagesize=(width, height), invariant=True)
    canvas.setTitle(f"校车标牌 {permit.code}")
    canvas.setFillColor(BUS)
    canvas.rect(0, height - 30 * mm, width, 30 * mm, stroke=0, fill=1)
    canvas.setFillColor(INK)
    canvas.setFont(FONT, 34)
    canvas.drawString(12 * mm, height - 20 * mm, "校车标牌")
    canvas.setFont(FONT, 16)
    canvas.drawRightString(width - 12 * mm, height - 19 * mm, permit.code)
    y = height - 44 * mm
    for label, value in _lines(permit):
        canvas.setFillColor(QUIET)
        canvas.setFont(FONT, 11)
        canvas.drawString(12 * mm, y, label)
        canvas.setFillColor(INK)
        size = 16.0
        while size > 8 and pdfmetrics.stringWidth(value, FONT, size) > 92 * mm:
            size -= 0.5
        canvas.setFont(FONT, size)
        canvas.drawString(42 * mm, y, value)
        y -= 11 * mm
    _draw_code(canvas, address, width - 62 * mm, 24 * mm, 50 * mm)
    canvas.setFillColor(QUIET)
    canvas.setFont(FONT, 9)
    canvas.drawCentredString(width - 37 * mm, 17 * mm, "扫码核验标牌与今日六定")
    canvas.drawString(
        12 * mm, 8 * mm, "本标牌须置于前风窗玻璃右下角；线路、时间、站点、车辆、驾驶人变更须重新申领。"
    )
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _lines(permit: PermitRow) -> list[tuple[str, str]]:
    return [
        ("号牌号码", permit.vehicle.name),
        ("所有单位", permit.operator.name),
        ("行驶线路", permit.route.name),
        ("班次", permit.timetable.name),
        ("驾驶人", permit.driver.name),
        ("随车照管员", permit.attendant.name if permit.attendant else "以当班登记为准"),
        ("有效期", f"{permit.valid_from} 至 {permit.valid_until}"),
        ("发牌单位", permit.issuer),
    ]


def _draw_code(canvas: Canvas, address: str, left: float, bottom: float, side: float) -> None:
    code = segno.make(address, error="m", micro=False)
    rows = [list(row) for row in code.matrix]
    cell = side / (len(rows) + 4)
    canvas.setFillColor(INK)
    for y, row in enumerate(reversed(rows)):
        for x, dark in enumerate(row):
            if dark:
                canvas.rect(left + (x + 2) * cell, bottom + (y + 2) * cell, cell, cell, stroke=0, fill=1)
