"""Taiwan's readings where they differ from the mainland's.

After the Ministry of Education's list of readings of 1999 (國語一字多音審訂表), without those that are rarely
heard. Phrases take precedence over single characters. If a character has several readings, only the listed one
changes.
"""

from __future__ import annotations

import re

_CHARACTERS = {
    (entry[0], mainland): taiwan
    for entry, mainland, taiwan in (
        written.split("/")
        for written in (
            "期/qi1/qi2 究/jiu1/jiu4 企/qi3/qi4 危/wei1/wei2 微/wei1/wei2 質/zhi4/zhi2 液/ye4/yi4 夕/xi1/xi4 "
            "昔/xi1/xi2 惜/xi1/xi2 息/xi1/xi2 息/xi5/xi2 擊/ji1/ji2 跡/ji4/ji1 蹟/ji4/ji1 績/ji4/ji1 "
            "識/shi2/shi4 識/shi5/shi4 叔/shu1/shu2 淑/shu1/shu2 攜/xie2/xi1 髮/fa4/fa3 髮/fa1/fa3 髮/fa5/fa3 "
            "帆/fan1/fan2 儲/chu3/chu2 突/tu1/tu2 寂/ji4/ji2 綜/zong1/zong4 諷/feng3/feng4 播/bo1/bo4 "
            "偽/wei3/wei4 殼/qiao4/ke2 酵/jiao4/xiao4 誼/yi4/yi2 跌/die1/die2 椰/ye1/ye2 淆/xiao2/yao2 "
            "菌/jun1/jun4 剖/pou1/pou3 緝/ji1/qi4 堤/di1/ti2 濤/tao1/tao2 驟/zhou4/zou4 擲/zhi4/zhi2 "
            "框/kuang4/kuang1 紊/wen3/wen4 拙/zhuo1/zhuo2 檔/dang4/dang3"
        ).split()
    )
}
_PHRASES = dict(
    pair.split(":")
    for pair in (
        "垃圾:le4-se4 法國:fa4-guo2 法文:fa4-wen2 法語:fa4-yu3 法郎:fa4-lang2 人質:ren2-zhi4 血液:xie3-yi4 "
        "朋友:peng2-you3 明白:ming2-bai2 清楚:qing1-chu3 地方:di4-fang1 事情:shi4-qing2 知道:zhi1-dao4 "
        "關係:guan1-xi4 告訴:gao4-su4 客氣:ke4-qi4 時候:shi2-hou4 多少:duo1-shao3 漂亮:piao4-liang4 "
        "先生:xian1-sheng1 小姐:xiao3-jie3 學生:xue2-sheng1 醫生:yi1-sheng1 衣服:yi1-fu2 天氣:tian1-qi4 "
        "味道:wei4-dao4 太陽:tai4-yang2 聰明:cong1-ming2 便宜:pian2-yi2 舒服:shu1-fu2 麻煩:ma2-fan2 "
        "眼睛:yan3-jing1 東西:dong1-xi1 丈夫:zhang4-fu1 部分:bu4-fen4 生意:sheng1-yi4 困難:kun4-nan2 "
        "下載:xia4-zai4 刊載:kan1-zai4 連載:lian2-zai4 轉載:zhuan3-zai4 主角:zhu3-jue2 配角:pei4-jue2 "
        "角色:jue2-se4 骨頭:gu2-tou5 說服:shui4-fu2 曝光:pu4-guang1"
    ).split()
)
_KNOWN = re.compile("|".join(_PHRASES))


def with_readings(text: str, said: list[str]) -> list[str]:
    """The readings (Pinyin such as ``qi1``, one for each character of ``text``) as used in Taiwan."""
    found = [_CHARACTERS.get((sign, reading), reading) for sign, reading in zip(text, said, strict=True)]
    for phrase in _KNOWN.finditer(text):
        found[phrase.start() : phrase.end()] = _PHRASES[phrase.group()].split("-")
    return found
