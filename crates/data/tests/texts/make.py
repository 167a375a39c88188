"""Two tiny data sets as the hub's converter leaves them: the columns, types and file names of MASSIVE and of TED-Multi."""

import random
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Sequence, TranslationVariableLanguages, Value

HERE = Path(__file__).parent
INTENTS = ["alarm_set", "music_play", "weather_query", "lights_off", "news_query"]
SAID = {
    "en-US": ["wake me at {}", "play song {}", "will it rain on day {}", "turn off lamp {}", "news of day {}"],
    "ja-JP": ["{}時に起こして", "曲{}をかけて", "{}日は雨ですか", "ランプ{}を消して", "{}日のニュース"],
    "fr-FR": ["réveille-moi à {}", "joue la chanson {}", "pleut-il le jour {}", "éteins la lampe {}", "nouvelles du {}"],
}
MASSIVE = Features(
    {
        "id": Value("string"),
        "locale": Value("string"),
        "partition": Value("string"),
        "scenario": ClassLabel(names=["alarm", "music", "weather", "iot", "news"]),
        "intent": ClassLabel(names=INTENTS),
        "utt": Value("string"),
        "annot_utt": Value("string"),
        "worker_id": Value("string"),
        "slot_method": Sequence({"slot": Value("string"), "method": Value("string")}),
        "judgments": Sequence(
            {
                "worker_id": Value("string"),
                "intent_score": Value("int8"),
                "slots_score": Value("int8"),
                "grammar_score": Value("int8"),
                "spelling_score": Value("int8"),
                "language_identification": Value("string"),
            }
        ),
    }
)


def massive():
    for locale, said in SAID.items():
        for split, ids in (("train", range(0, 40)), ("test", range(40, 64))):
            ids = list(ids)
            if locale == "fr-FR":
                random.Random(7).shuffle(ids)
                if split == "train":
                    ids.remove(17)
            row = lambda i: {
                "id": str(i),
                "locale": locale,
                "partition": split,
                "scenario": i % 5,
                "intent": i % 5,
                "utt": said[i % 5].format(i),
                "annot_utt": said[i % 5].format(f"[n : {i}]"),
                "worker_id": str(i % 3),
                "slot_method": {"slot": ["n"] * (i % 2), "method": ["translation"] * (i % 2)},
                "judgments": {
                    "worker_id": ["1", "2"],
                    "intent_score": [1, 1],
                    "slots_score": [1, 1],
                    "grammar_score": [4, 3],
                    "spelling_score": [2, 2],
                    "language_identification": ["target", "target"],
                },
            }
            path = HERE / "massive" / locale / split / "0000.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            Dataset.from_list([row(i) for i in ids], features=MASSIVE).to_parquet(path)


def ted():
    languages = ["de", "en", "fr", "ja", "zh-cn"]
    said = {"de": "Satz {} über {}", "en": "sentence {} on {}", "fr": "phrase {} sur {}", "ja": "{}の文、{}", "zh-cn": "第{}句关于{}"}
    rows = []
    for i in range(70):
        # German is nearly always missing, French in every seventh row, Chinese in every eleventh
        there = [l for l in languages if not (l == "de" and i % 9) and not (l == "fr" and i % 7 == 3) and not (l == "zh-cn" and i % 11 == 5)]
        # the order of the languages differs from row to row
        random.Random(i).shuffle(there)
        text = lambda l: " " if (i, l) == (8, "ja") else said[l].format(i, ["bees", "stars", "soil"][i % 3])
        rows.append({"translations": {"language": there, "translation": [text(l) for l in there]}, "talk_name": f"talk_{i // 5}"})
    features = Features(
        {
            "translations": TranslationVariableLanguages(languages=languages, num_languages=len(languages)),
            "talk_name": Value("string"),
        }
    )
    (HERE / "ted" / "plain_text").mkdir(parents=True, exist_ok=True)
    for part, some in enumerate([rows[:47], rows[47:]]):
        path = HERE / "ted" / "plain_text" / f"ted_multi-train-{part:05}-of-00002.parquet"
        Dataset.from_list(some, features=features).to_parquet(path)
    # what the project's reader has to come to
    kept = [i for i, r in enumerate(rows) if {"en", "fr", "ja", "zh-cn"} <= set(r["translations"]["language"])]
    order = list(kept)
    random.seed(42)
    random.shuffle(order)
    cut = int(0.8 * len(order))
    print("kept", len(kept), "train", sorted(order[:cut]), "test", sorted(order[cut:]))


massive()
ted()
