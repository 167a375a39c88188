"""The golden of Japanese tokenizers: python japanese.py FOLDER_OF_GOLDENS IPADIC

IPADIC is the unpacked mecab-ipadic-2.7.0-20070801 with the sources of the dictionary (EUC-JP). Needs transformers,
fugashi, ipadic (the same dictionary, compiled).

Writes a dictionary of a part of IPADIC, a vocabulary, texts, and the ids by BertJapaneseTokenizer with this dictionary
and with the complete one.
"""

import collections
import glob
import gzip
import io
import json
import os
import random
import shutil
import sys
import tarfile
import tempfile

import fugashi
import ipadic
import transformers
from transformers.models.bert_japanese.tokenization_bert_japanese import BertJapaneseTokenizer, MecabTokenizer

from japanese_sentences import FIXED, sentences

OUT, SOURCES = os.path.join(sys.argv[1], "japanese"), sys.argv[2]
TEXTS, FEWER, CUT = 6000, 1500, 64
WORDS, CONTEXTS = 16000, 330
rng = random.Random(5)
shutil.rmtree(OUT, ignore_errors=True)
os.makedirs(OUT)


def euc(name):
    return open(os.path.join(SOURCES, name), encoding="euc_jp").read()


def pack(path, value):
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:
        zipped.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


# --- texts
lines = [line for path in sorted(glob.glob(f"{SOURCES}/*.csv")) for line in euc(os.path.basename(path)).splitlines()]
plain = [line for line in lines if not line.startswith('"')]
texts = sentences([line.split(",")[0] for line in plain], TEXTS, 11)

# --- a part of the dictionary: contexts that the texts need most, words with these contexts
complete = MecabTokenizer(mecab_dic="ipadic")
surfaces = collections.Counter(word for text in texts for word in complete.tokenize(text))
contexts = collections.Counter()
for line in plain:
    surface, left, right = line.split(",")[:3]
    if surface in surfaces:
        contexts.update({left: surfaces[surface], right: surfaces[surface]})
unknown = [line.split(",") for line in euc("unk.def").splitlines()]
kept = {"0"} | {id for row in unknown for id in row[1:3]}
for id, _ in contexts.most_common():
    if len(kept) < CONTEXTS:
        kept.add(id)
number = {id: str(i) for i, id in enumerate(sorted(kept, key=int))}
possible = [line for line in lines if set(line.rsplit(",", 12)[1:3] if line.startswith('"') else line.split(",")[1:3]) <= kept]
needed = [line for line in possible if line.split(",")[0] in surfaces]
others = [line for line in possible if line.split(",")[0] not in surfaces]
rng.shuffle(needed)
rng.shuffle(others)
# not all that the texts need, so that unknown words occur in the midst
words = needed[: WORDS * 3 // 4] + others[: WORDS // 4]
# characters whose decoding is a question
words = sorted(set(words) | {line for line in possible if set(line.split(",")[0]) & set("〜−‖£")})


def renumbered(line):
    quoted = line.startswith('"')
    fields = line.rsplit(",", 12) if quoted else line.split(",")
    fields[1:3] = [number[id] for id in fields[1:3]]
    return ",".join(fields)


matrix = [line.split() for line in euc("matrix.def").splitlines()[1:]]
matrix = [" ".join([number[a], number[b], cost]) for a, b, cost in matrix if a in kept and b in kept]
for row in unknown:
    row[1:3] = [number[id] for id in row[1:3]]
files = {
    "words.csv": "\n".join(renumbered(line) for line in words) + "\n",
    "matrix.def": f"{len(kept)} {len(kept)}\n" + "\n".join(matrix) + "\n",
    "unk.def": "\n".join(",".join(row) for row in unknown) + "\n",
}
files |= {name: euc(name) for name in ["char.def", "dicrc"]}
files = {name: text.encode("euc_jp") for name, text in files.items()}
files["COPYING"] = open(os.path.join(SOURCES, "COPYING"), "rb").read()
with open(f"{OUT}/dictionary.tar.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:
    with tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(f"part-of-ipadic/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
shutil.copy(os.path.join(SOURCES, "COPYING"), OUT)

# --- the same part, compiled by MeCab
small = tempfile.mkdtemp()
for name, data in files.items():
    open(os.path.join(small, name), "wb").write(data)
for name in ["pos-id.def", "rewrite.def", "feature.def", "left-id.def", "right-id.def"]:
    shutil.copy(os.path.join(SOURCES, name), small)
open(os.path.join(small, "mecabrc"), "w").close()
fugashi.build_dictionary(f"mecab-dict-index -d {small} -o {small} -f EUC-JP -t utf8")
PART = {"mecab_dic": None, "mecab_option": f'-d "{small}" -r "{small}/mecabrc"'}
WHOLE = {"mecab_dic": "ipadic"}

# --- a vocabulary: some words, some of their ends, most characters
part = MecabTokenizer(**PART)
found = collections.Counter(word for text in texts for word in part.tokenize(text) + complete.tokenize(text))
common = [word for word, n in found.most_common() if word.strip() and len(word.split()) == 1]
characters = collections.Counter(c for word in common for c in word)
vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"[unused{i}]" for i in range(5)]
vocabulary += [word for word in common if len(word) > 1][:900]
ends = [("##" + word[at:]) for word in common if len(word) > 2 for at in [rng.randrange(1, len(word) - 1)]]
vocabulary += rng.sample(sorted(set(ends)), 400)
for c, n in sorted(characters.items()):
    if n > 2 and rng.random() < 0.93:
        vocabulary.append(c)
    if n > 2 and rng.random() < 0.9:
        vocabulary.append("##" + c)
vocabulary = list(dict.fromkeys(vocabulary))
open(f"{OUT}/vocab.txt", "w", encoding="utf-8").write("\n".join(vocabulary) + "\n")


def ids(some, mecab, **settings):
    tokenizer = BertJapaneseTokenizer(f"{OUT}/vocab.txt", word_tokenizer_type="mecab", mecab_kwargs=mecab, **settings)
    return [tokenizer(text, truncation=True, max_length=CUT)["input_ids"] for text in some]


fewer = FIXED + rng.sample(texts, FEWER)
expected = {
    "part": ids(texts, PART),
    "whole": ids(texts, WHOLE),
    "characters": ids(fewer, PART, subword_tokenizer_type="character"),
    "lower": ids(fewer, PART, do_lower_case=True),
    "as they are": ids(fewer, {**PART, "normalize_text": False}),
}
pack(f"{OUT}/texts.json.gz", {"texts": texts, "fewer": fewer})
pack(f"{OUT}/ids.json.gz", expected)
unk = {name: sum(row.count(1) for row in rows) for name, rows in expected.items()}
tokens = {name: sum(map(len, rows)) for name, rows in expected.items()}
differ = sum(a != b for a, b in zip(expected["part"], expected["whole"]))
print(len(words), "words", len(kept), "contexts", len(vocabulary), "tokens in the vocabulary")
print("tokens", tokens, "[UNK]", unk, "texts that differ between the dictionaries", differ)
print("cut texts", sum(len(row) == CUT for row in expected["whole"]), {f: os.path.getsize(f"{OUT}/{f}") for f in os.listdir(OUT)})
print("transformers", transformers.__version__, "ipadic 1.0.0")
shutil.rmtree(small)
