"""The sentences of every kind of notice, in Chinese and in English: for each the fullest first, and last the one that needs nothing more.

A key is a kind, or a kind with the case it is in (`approaching.next`). Whole sentences: none is put together from parts.
"""

from __future__ import annotations

from typing import Final

Form = tuple[str, str]

FORMS: Final[dict[str, tuple[Form, ...]]] = {
    # Morning: the child waits at the stop. In the afternoon (`home`) somebody comes to meet it there.
    "approaching": (
        (
            "{bus_zh}还有 {stops} 站到{stop}，请带{child}准备好。",
            "{bus_en} is {stops} stops from {stop}. Please get ready with {child}.",
        ),
        (
            "{bus_zh}快到{stop}了，约 {minutes} 分钟后到，请带{child}准备好。",
            "{bus_en} is about {minutes} min from {stop}. Please get ready with {child}.",
        ),
        ("{bus_zh}快到站了，请带{child}准备好。", "{bus_en} is near. Please get ready with {child}."),
    ),
    "approaching.next": (
        (
            "{bus_zh}的下一站就是{stop}，请带{child}在站点等候。",
            "{stop} is the next stop of {bus_en}. Please be there with {child}.",
        ),
        (
            "{bus_zh}的下一站就是您的站，请带{child}在站点等候。",
            "Your stop is the next one of {bus_en}. Please be there with {child}.",
        ),
    ),
    "approaching.home": (
        (
            "{child}乘坐的{bus_zh}还有 {stops} 站到{stop}，请到站点接{child}。",
            "{bus_en} with {child} is {stops} stops from {stop}. Please be there to meet {child}.",
        ),
        (
            "{child}乘坐的{bus_zh}快到{stop}了，约 {minutes} 分钟后到，请到站点接{child}。",
            "{bus_en} with {child} is about {minutes} min from {stop}. Please be there to meet {child}.",
        ),
        (
            "{child}乘坐的{bus_zh}快到站了，请到站点接{child}。",
            "{bus_en} with {child} is near. Please be at the stop to meet {child}.",
        ),
    ),
    "approaching.home.next": (
        (
            "{child}乘坐的{bus_zh}下一站就到{stop}，请到站点接{child}。",
            "{stop} is the next stop of {bus_en} with {child}. Please be there to meet {child}.",
        ),
        (
            "{child}乘坐的{bus_zh}下一站就是您的站，请到站点接{child}。",
            "Your stop is the next one of {bus_en} with {child}. Please be there to meet {child}.",
        ),
    ),
    "boarded": (
        ("{child} {at} 在{stop}上了{bus_zh}。", "{child} boarded {bus_en} at {stop} at {at}."),
        ("{child} {at} 上了{bus_zh}。", "{child} boarded {bus_en} at {at}."),
    ),
    "alighted": (
        ("{child} {at} 在{stop}下了{bus_zh}。", "{child} left {bus_en} at {stop} at {at}."),
        ("{child} {at} 下了{bus_zh}。", "{child} left {bus_en} at {at}."),
    ),
    "arrived": (
        (
            "{child} {at} 到学校了（{stop}，{bus_zh}）。",
            "{child} arrived at school ({stop}) by {bus_en} at {at}.",
        ),
        ("{child} {at} 乘{bus_zh}到学校了。", "{child} arrived at school by {bus_en} at {at}."),
    ),
    "handed_over": (
        (
            "{child} {at} 在{stop}交给了{detail}。",
            "{child} was handed over to {detail} at {stop} at {at}.",
        ),
        ("{child} {at} 交给了{detail}。", "{child} was handed over to {detail} at {at}."),
        ("{child} {at} 已当面交接。", "{child} was handed over in person at {at}."),
    ),
    "absent": (
        (
            "已记下：{child}{day_zh} {planned} 不乘校车。如果有误，请在页面上撤销，或致电{call_zh}。",
            "Noted: {child} does not ride the {planned} bus {day_en}. If that is wrong, undo it on the page, or call {call_en}.",
        ),
        (
            "已记下：{child}{day_zh}不乘校车。如果有误，请在页面上撤销，或致电{call_zh}。",
            "Noted: {child} does not ride the bus {day_en}. If that is wrong, undo it on the page, or call {call_en}.",
        ),
    ),
    "no_show": (
        (
            "{at}，{bus_zh}已离开{stop}，没有{child}的上车记录。如果{child}应该在车上，请马上致电{call_zh}。",
            "At {at} {bus_en} had left {stop} and {child} was not recorded as aboard. "
            "If {child} should be on it, call {call_en} now.",
        ),
        (
            "{at}，没有{child}上{bus_zh}的记录。如果{child}应该在车上，请马上致电{call_zh}。",
            "At {at} {child} was not recorded as aboard {bus_en}. If {child} should be on it, call {call_en} now.",
        ),
    ),
    "not_started": (
        (
            "{child}的{bus_zh}原定 {start} 发车，到 {at} 还没有发车，已晚 {minutes} 分钟。请留意后续通知；如需另行安排，请致电{call_zh}。",
            "{bus_en} of {child} was to start at {start} and had not started by {at}: {minutes} min late so far. "
            "Watch for the next notice; to arrange another way, call {call_en}.",
        ),
        (
            "{child}的{bus_zh}原定 {start} 发车，到 {at} 还没有发车。请留意后续通知；如需另行安排，请致电{call_zh}。",
            "{bus_en} of {child} was to start at {start} and had not started by {at}. "
            "Watch for the next notice; to arrange another way, call {call_en}.",
        ),
        (
            "到 {at}，{child}的{bus_zh}还没有发车。请留意后续通知；如需另行安排，请致电{call_zh}。",
            "By {at} {bus_en} of {child} had not started. "
            "Watch for the next notice; to arrange another way, call {call_en}.",
        ),
    ),
    "late": (
        (
            "{child}的{bus_zh}晚点约 {minutes} 分钟，原定 {planned} 到{stop}。最新的预计时间请看页面。",
            "{bus_en} of {child} is about {minutes} min late; it was planned at {stop} for {planned}. The page shows the newest estimate.",
        ),
        (
            "{child}的{bus_zh}晚点约 {minutes} 分钟。最新的预计时间请看页面。",
            "{bus_en} of {child} is about {minutes} min late. The page shows the newest estimate.",
        ),
        (
            "{child}的{bus_zh}晚点了。最新的预计时间请看页面。",
            "{bus_en} of {child} is late. The page shows the newest estimate.",
        ),
    ),
    "substituted": (
        (
            "{day_zh}由{bus_zh}代替原来的校车接送{child}：{planned} 在{stop}，站点和时间不变。",
            "{bus_en} runs instead of the usual bus of {child} {day_en}: at {stop} at {planned}, as always.",
        ),
        (
            "{day_zh}由{bus_zh}代替原来的校车接送{child}，站点和时间不变。",
            "{bus_en} runs instead of the usual bus of {child} {day_en}. Stop and time stay the same.",
        ),
    ),
    "substituted.usual": (
        (
            "{day_zh}仍由{bus_zh}接送{child}，先前通知的换车已取消，站点和时间不变。",
            "{bus_en}, the usual bus of {child}, runs {day_en} after all. Stop and time stay the same.",
        ),
    ),
    "substituted.time": (
        (
            "{day_zh}{child}的校车时间改为 {planned}（平时 {usually}）：{bus_zh}，在{stop}，站点不变。",
            "{bus_en} comes for {child} at {planned} {day_en} instead of {usually}, at {stop} as always.",
        ),
        (
            "{day_zh}{child}的校车时间有变动，新的时间请看页面。",
            "{bus_en} of {child} comes at another time {day_en}. The page shows it.",
        ),
    ),
    "substituted.stop": (
        (
            "{day_zh}{bus_zh}绕行，不停{usual_stop}：请改到{stop}，{planned}，接送{child}。",
            "{bus_en} makes a detour {day_en} and does not stop at {usual_stop}: it comes for {child} to {stop} at {planned}.",
        ),
        (
            "{day_zh}{child}的校车绕行，不停平时的站点。请看页面，或致电{call_zh}。",
            "{bus_en} of {child} makes a detour {day_en} and leaves out the usual stop. See the page, or call {call_en}.",
        ),
    ),
    "substituted.back": (
        (
            "{day_zh}{child}的校车恢复原来的安排：{bus_zh} {planned} 在{stop}。",
            "{bus_en} comes for {child} {day_en} as usual after all: at {stop} at {planned}.",
        ),
        (
            "{day_zh}{child}的校车恢复原来的安排。",
            "{bus_en} comes for {child} {day_en} as usual after all.",
        ),
    ),
    "cancelled": (
        (
            "{child}{day_zh} {planned} 的校车停运（{detail}）。请另行安排接送，或致电{call_zh}。",
            "The {planned} bus of {child} {day_en} is cancelled ({detail}). Please arrange another way, or call {call_en}.",
        ),
        (
            "{child}{day_zh} {planned} 的校车停运。请另行安排接送，或致电{call_zh}。",
            "The {planned} bus of {child} {day_en} is cancelled. Please arrange another way, or call {call_en}.",
        ),
        (
            "{child}的这一班校车停运（{detail}）。请另行安排接送，或致电{call_zh}。",
            "The bus trip of {child} is cancelled ({detail}). Please arrange another way, or call {call_en}.",
        ),
        (
            "{child}的这一班校车停运。请另行安排接送，或致电{call_zh}。",
            "The bus trip of {child} is cancelled. Please arrange another way, or call {call_en}.",
        ),
    ),
    "cancelled.aboard": (
        (
            "{bus_zh}的行程已中止（{detail}），{child}的记录是在车上。请致电{call_zh}，问清由谁、在哪里接{child}。",
            "The trip of {bus_en} was broken off ({detail}), and {child} is recorded as aboard. "
            "Please call {call_en} and ask who meets {child}, and where.",
        ),
        (
            "{bus_zh}的行程已中止，{child}的记录是在车上。请致电{call_zh}，问清由谁、在哪里接{child}。",
            "The trip of {bus_en} was broken off, and {child} is recorded as aboard. "
            "Please call {call_en} and ask who meets {child}, and where.",
        ),
    ),
    "left_aboard": (
        (
            "{bus_zh}已到终点，到 {at} 仍没有{child}的下车记录。校车公司和学校已收到警报。请马上致电{call_zh}。",
            "{bus_en} has reached its last stop, and at {at} {child} was still recorded as aboard. "
            "The bus company and the school have been alarmed. Please call {call_en} now.",
        ),
    ),
    "wrong_stop": (
        (
            "{child} {at} 在{stop}下了{bus_zh}，登记的站点是{usual_stop}。校车公司和学校已收到警报。请联系{child}，并致电{call_zh}。",
            "{child} left {bus_en} at {stop} at {at}; the stop on the list is {usual_stop}. "
            "The bus company and the school have been alarmed. Please reach {child}, and call {call_en}.",
        ),
        (
            "{child} {at} 在{stop}下了{bus_zh}，这不是登记的站点。校车公司和学校已收到警报。请联系{child}，并致电{call_zh}。",
            "{child} left {bus_en} at {stop} at {at}, which is not the stop on the list. "
            "The bus company and the school have been alarmed. Please reach {child}, and call {call_en}.",
        ),
        (
            "{child} {at} 下了{bus_zh}，但不在登记的站点。校车公司和学校已收到警报。请联系{child}，并致电{call_zh}。",
            "{child} left {bus_en} at {at}, and not at the stop on the list. "
            "The bus company and the school have been alarmed. Please reach {child}, and call {call_en}.",
        ),
    ),
    "wrong_bus": (
        (
            "{child} {at} 在{stop}上了{bus_zh}，这不是登记的校车。校车公司和学校已收到警报。请致电{call_zh}。",
            "{child} boarded {bus_en} at {stop} at {at}, which is not the bus on the list. "
            "The bus company and the school have been alarmed. Please call {call_en}.",
        ),
        (
            "{child} {at} 上了{bus_zh}，这不是登记的校车。校车公司和学校已收到警报。请致电{call_zh}。",
            "{child} boarded {bus_en} at {at}, which is not the bus on the list. "
            "The bus company and the school have been alarmed. Please call {call_en}.",
        ),
    ),
    "message": (
        ("{detail}", "{detail}"),
        (
            "学校或校车公司有关于{child}的消息，请致电{call_zh}。",
            "The school or the bus company has a message about {child}. Please call {call_en}.",
        ),
    ),
}
