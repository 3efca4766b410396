"""What people and programs ask a voice to say, the awkward among it: short, long, repeated, spelled, counted."""

from __future__ import annotations

ENGLISH = (
    "Hi!",
    "a",
    "I",
    "OK.",
    "No.",
    "Oh?",
    "Hmm.",
    "7",
    "42",
    "100",
    "1,000,007",
    "1234567890",
    "3.14159265358979",
    "$1,234.56",
    "Call 1-800-555-0199 now.",
    "In 1999, 2,347 of 10,000 (23.47%) failed.",
    "10:45:30",
    "Dr. Smith vs. Mr. Jones, Esq., et al.",
    "NASA, FBI, CIA, and the UN.",
    "STOP! RIGHT! THERE!",
    "THIS IS ALL IN CAPITALS AND IT IS LOUD",
    "www.example.com",
    "Write to foo.bar@example.co.uk!",
    "https://example.com/path/to/page?query=1&other=two#fragment",
    "no no no no no",
    "No, no, no, no, no!",
    "ha ha ha ha",
    "Ha! Ha! Ha! Ha! Ha! Ha!",
    "Never, never, never, never, never, never give up.",
    "Yes yes. Yes yes. Yes yes. Yes yes. Yes yes.",
    "tick tock tick tock tick tock tick tock tick tock",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "psst",
    "ssssssss",
    "aaaaaaaaaaaa",
    "Supercalifragilisticexpialidocious",
    "½ cup, 3¾ miles",
    "café naïve façade Zürich",
    "C++ and C#, or a/b at 50%?",
    "Well -- no... what? Really?! I, uh, don't know.",
    "<speak>&amp;</speak> is [[h@l@U]]",
    '{"a": 1, "b": [2, 3]}',
    "hello_world_this_is_snake_case",
    "I'd've said: war never changes.",
    "She sells sea shells by the sea shore; the shells she sells are surely seashells.",
    "Hello, wanderer! The road to the north is closed, but the traders still come through the old tunnel.",
    "Row, row, row your boat, gently down the stream. Row, row, row your boat, gently down the stream.",
    (
        "The caravan left at dawn, when the dust still lay on the road and the lamps of the settlement had not "
        "yet been put out. Nobody spoke. Twelve brahmin, four guards, and a boy who had never been beyond the "
        "fence: that was all. By noon the heat had become a wall; by evening, a memory."
    ),
)

CHINESE = (
    "好",
    "嗯",
    "不!",
    "你好,流浪者!",
    "哈哈哈哈",
    "不不不不不",
    "不,不,不,不,不。",
    "滴答滴答滴答滴答滴答滴答",
    "好好好好好好好好好好",
    "1234567890",
    "電話號碼是0912345678。",
    "今天是2024年1月1日,星期一,百分之23.47。",
    "戰爭,戰爭從未改變。",
    "我在NASA工作,please ignore。",
    "四是四,十是十,十四是十四,四十是四十。",
    "《紅樓夢》、《西遊記》、《水滸傳》、《三國演義》。",
    "ㄅㄆㄇㄈ",
    "龘靐齉",
    "等等……什麼?真的嗎?!",
    (
        "商隊在黎明時分離開了聚落,那時路上的塵土尚未揚起,燈火也還沒有熄滅。沒有人說話。十二頭雙頭牛、四名守衛,"
        "還有一個從未走出圍欄的男孩,這就是全部了。到了中午,酷熱變成了一堵牆;到了晚上,它只是一段記憶。"
    ),
)
