#!/usr/bin/env python3
"""A second verifier of Evident's record proofs, from the pages in this folder alone.

Python's standard library only; it shares no code with the Go program. It reads the same files
as evident-verify and answers with the same exit codes: 0 all proofs hold, 1 one does not,
2 the check could not be made.

    python3 verify.py --policy POLICY [--raw RECORD] PROOF...
    python3 verify.py --vectors vectors/record-proof-2.json
"""

import argparse
import base64
import hashlib
import json
import re
import sys

# --- Ed25519, RFC 8032 section 5.1, verification only -------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def add(a, b):
    """Adds two points in extended coordinates (X, Y, Z, T)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    u, v, w, x = f - e, h - g, h + g, f + e
    return (u * v % P, w * x % P, v * w % P, u * x % P)


def multiply(n, point):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def decompress(data):
    """Reads a point; None where there is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, (y & (2**255 - 1)) % P
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * SQRT_M1 % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    key = decompress(public)
    s = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % L
    negated = (P - key[0], key[1], key[2], P - key[3])
    return compress(add(multiply(s, BASE), multiply(k, negated))) == signature[:32]


# --- Reading ---------------------------------------------------------------------------------


class Malformed(Exception):
    """The text is not in the one form of its format."""


class Failed(Exception):
    """A check does not hold: its name, and why."""

    def __init__(self, check, reason):
        super().__init__(check, reason)
        self.check, self.reason = check, reason


def strict_base64(text):
    """Standard base64 with padding, in the one spelling of its bytes."""
    data = loose_base64(text)
    if base64.b64encode(data).decode() != text:
        raise Malformed("base64 with unused bits set")
    return data


def loose_base64(text):
    if len(text) % 4 or not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text):
        raise Malformed("not base64")
    return base64.b64decode(text)


def hash_of(text):
    data = strict_base64(text)
    if len(data) != 32:
        raise Malformed("not a hash")
    return data


def decimal(text, limit):
    if not re.fullmatch(r"0|[1-9][0-9]*", text) or int(text) > limit:
        raise Malformed("not a number in range")
    return int(text)


def sha256(data):
    return hashlib.sha256(data).digest()


class Extra:
    """Takes fields off the extra data."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise Malformed("extra data truncated")
        self.at += n
        return self.data[self.at - n : self.at]

    def uvarint(self, limit):
        value, start = 0, self.at
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        else:
            raise Malformed("number too long")
        if value > limit or (byte == 0 and self.at - start > 1):
            raise Malformed("number out of range or not in its shortest form")
        return value

    def hashes(self):
        out = []
        while self.at < len(self.data):
            out.append(self.take(32))
        return out


class Proof:
    """record-proof.md, versions 1 and 2."""

    def __init__(self, text):
        if len(text) > 64 << 10:
            raise Malformed("longer than 64 KiB")
        head, found, self.checkpoint = text.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Malformed("not ASCII") from None
        if not found or len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1":
            raise Malformed("not a tlog-proof")
        if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
            raise Malformed("no extra data or no index")
        self.index = decimal(lines[2][6:], 2**63 - 1)
        self.log_path = [hash_of(line) for line in lines[3:]]
        self.read(Extra(strict_base64(lines[1][6:])))
        if len(self.log_path) > 64 or len(self.leaf_path) > 64:
            raise Malformed("path of more than 64 hashes")

    def read(self, x):
        magic = x.take(4)
        if magic not in (b"EVR\x01", b"EVR\x02"):
            raise Malformed("unknown version")
        self.version = magic[3]
        self.seq = x.uvarint(2**63 - 1) if self.version == 1 else self.index + 1
        self.count = x.uvarint(2**31 - 1)
        self.root = x.take(32) if self.version == 1 else None
        self.header = x.take(32)
        self.bytes = x.uvarint(2**63 - 1)
        self.leaf = x.uvarint(2**31 - 1)
        self.leaf_hash = x.take(32) if self.version == 1 else None
        flag = x.take(1)[0]
        if flag > 1:
            raise Malformed("flag is neither 0 nor 1")
        self.salt = x.take(16) if flag else None
        if self.version == 2:
            self.leaf_mark = x.take(3) if flag else b""
            if not flag:
                self.leaf_hash = x.take(32)
            self.root_mark = x.take(3)
        self.leaf_path = x.hashes()


def path_root(leaf, index, size, path):
    """Root that an audit path leads to; None where the path has another length."""
    if not 0 <= index < size <= 2**48:
        return None
    root, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            root = sha256(b"\x01" + sibling + root)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            root = sha256(b"\x01" + root + sibling)
        index, last = index >> 1, last >> 1
    return root if last == 0 else None


# --- Signed notes, checkpoints, policies ------------------------------------------------------


def valid_name(name):
    return name != "" and "+" not in name and not any(c.isspace() for c in name)


class Note:
    """C2SP signed-note."""

    def __init__(self, data):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("note is not UTF-8") from None
        if any(ord(c) < 0x20 and c != "\n" for c in text):
            raise Malformed("control character in the note")
        at = text.rfind("\n\n")
        if at < 0 or at + 2 == len(text) or not text.endswith("\n"):
            raise Malformed("no signatures")
        self.text, self.signatures = text[: at + 1], []
        for line in text[at + 2 : -1].split("\n"):
            if not line.startswith("\u2014 "):
                raise Malformed("not a signature line")
            name, _, encoded = line[2:].partition(" ")
            data = loose_base64(encoded)
            if not valid_name(name) or len(data) < 5:
                raise Malformed("bad signature line")
            self.signatures.append((name, data[:4], data[4:], encoded))
        if len(self.signatures) > 100:
            raise Malformed("more than 100 signatures")

    def first_by(self, keys):
        """The first signature by each key, checked; a wrong one is an error."""
        found = {}
        for name, key_id, data, encoded in self.signatures:
            key = keys.get((name, key_id))
            if key is None or key in found:
                continue
            if not key.verify(self.text.encode(), data):
                raise Malformed("wrong signature by " + name)
            found[key] = encoded
        for encoded in found.values():
            strict_base64(encoded)
        return found


class Key:
    """Verifier key NAME+ID+BASE64 of an algorithm byte and an Ed25519 public key."""

    def __init__(self, text, algorithm):
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = strict_base64(encoded)
        if not valid_name(name) or len(data) != 33 or data[0] != algorithm:
            raise Malformed("not a key of its kind")
        self.name, self.algorithm, self.public = name, algorithm, data[1:]
        self.id = sha256(name.encode() + b"\n" + data)[:4]
        if key_id != self.id.hex():
            raise Malformed("the key's identifier is not its own")

    def verify(self, message, data):
        if self.algorithm == 1:
            return len(data) == 64 and ed25519_verify(self.public, message, data)
        time = int.from_bytes(data[:8], "big")
        if len(data) != 72 or time >= 2**63:
            return False
        message = b"cosignature/v1\ntime %d\n" % time + message
        return ed25519_verify(self.public, message, data[8:])


class Checkpoint:
    """The text of checkpoint.md."""

    def __init__(self, text):
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise Malformed("not origin, size, root")
        self.origin, self.size, self.root = lines[0], decimal(lines[1], 2**48), hash_of(lines[2])


class Policy:
    """policy.md."""

    def __init__(self, data):
        self.logs, self.witnesses, self.members, used = {}, {}, {}, set()
        quorum = None
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line):
                raise Malformed("control character in the policy")
            words = [w for w in re.split(r"[ \t]+", line) if w]
            if not words or words[0].startswith("#"):
                continue
            kind, args = words[0], words[1:]
            if kind == "log" and len(args) in (1, 2):
                key = Key(args[0], 1)
                if any(k.public == key.public or k.name == key.name for k in self.logs.values()):
                    raise Malformed("two lines for one log")
                self.logs[(key.name, key.id)] = key
            elif kind == "witness" and len(args) in (2, 3):
                key = Key(args[1], 4)
                if any(k.public == key.public for k in self.witnesses.values()):
                    raise Malformed("two lines for one witness")
                self.witnesses[(key.name, key.id)] = key
                self.define(args[0], key)
            elif kind == "group" and len(args) >= 3:
                children = args[2:]
                if len(set(children)) < len(children) or not set(children).isdisjoint(used):
                    raise Malformed("a member twice")
                used.update(children)
                need = {"all": len(children), "any": 1}.get(args[1])
                need = decimal(args[1], len(children)) if need is None else need
                if need < 1:
                    raise Malformed("threshold 0")
                self.define(args[0], (need, [self.member(c) for c in children]))
            elif kind == "quorum" and len(args) == 1 and quorum is None:
                quorum = args[0]
                self.quorum = None if quorum == "none" else self.member(quorum)
            else:
                raise Malformed("not a line of a policy: " + kind)
        if quorum is None:
            raise Malformed("no quorum line")

    def define(self, name, what):
        if name == "none" or name in self.members:
            raise Malformed("the name is taken: " + name)
        self.members[name] = what

    def member(self, name):
        if name not in self.members:
            raise Malformed("not defined above: " + name)
        return self.members[name]

    def satisfied(self, member, by):
        if member is None:
            return True
        if isinstance(member, Key):
            return member in by
        need, children = member
        return sum(self.satisfied(c, by) for c in children) >= need

    def open(self, signed):
        """Opens a signed checkpoint; the answer is kept for the next proof under it."""
        if signed not in self.seen:
            try:
                self.seen[signed] = self.open_anew(signed)
            except Failed as failure:
                self.seen[signed] = failure
        if isinstance(self.seen[signed], Failed):
            raise self.seen[signed]
        return self.seen[signed]

    seen = None

    def open_anew(self, signed):
        try:
            if len(signed) > 32 << 10:
                raise Malformed("longer than 32 KiB")
            note = Note(signed)
            by = note.first_by(self.logs)
            checkpoint = Checkpoint(note.text)
            if not any(k.name == checkpoint.origin for k in by):
                raise Malformed("not signed by its origin")
        except Malformed as reason:
            raise Failed("checkpoint signature", str(reason)) from None
        try:
            by = note.first_by(self.witnesses)
        except Malformed as reason:
            raise Failed("witness quorum", str(reason)) from None
        if not self.satisfied(self.quorum, by):
            raise Failed("witness quorum", "%d cosignatures are no quorum" % len(by))
        return checkpoint


# --- The checks, in the order of record-proof.md ----------------------------------------------


def check(p, raw, policy):
    """Checks a proof, of the raw bytes or, where they are None, of the leaf hash alone."""
    leaf = p.leaf_hash
    if raw is not None:
        if p.salt is None:
            raise Failed("leaf", "the salt is not in the proof")
        leaf = sha256(b"\x00" + p.salt + raw)
        if p.version == 1 and leaf != p.leaf_hash or p.version == 2 and leaf[:3] != p.leaf_mark:
            raise Failed("leaf", "the record's bytes are not those that were sealed")
    elif leaf is None:
        raise Failed("leaf", "this proof takes the record's bytes")
    root = path_root(leaf, p.leaf, p.count, p.leaf_path)
    if root is None or (p.version == 1 and root != p.root) or (p.version == 2 and root[:3] != p.root_mark):
        raise Failed("entry path", "the path does not lead to the entry's root")
    if p.seq == 0 or p.index != p.seq - 1:
        raise Failed("manifest", "the entry cannot stand at this index")
    checkpoint = policy.open(p.checkpoint)
    text = "evident.entry/v1\nseq %d\ncount %d\nroot %s\nheader %s\nbytes %d\n" % (
        p.seq, p.count, base64.b64encode(root).decode(), base64.b64encode(p.header).decode(), p.bytes)
    entry = sha256(b"\x00" + text.encode())
    if path_root(entry, p.index, checkpoint.size, p.log_path) != checkpoint.root:
        raise Failed("log path", "the entry is not in the log at this index")
    return checkpoint


def result(text, raw, policy):
    try:
        check(Proof(text), raw, policy)
    except Malformed:
        return "malformed"
    except Failed as failure:
        return failure.check
    return "sealed" if raw is None else "ok"


def read_policy(data):
    policy = Policy(data)
    policy.seen = {}
    return policy


def run_vectors(name):
    with open(name, encoding="utf-8") as f:
        file = json.load(f)
    policies = [read_policy(p.encode()) for p in file["policies"]]
    wrong = 0
    for v in file["vectors"]:
        base = file["bases"][v["base"]]
        text, at = base["proof"].encode(), v.get("at", 0)
        insert = base64.b64decode(v.get("insert", ""))
        text = text[:at] + insert + text[at + v.get("delete", 0) :]
        raw = None if v.get("sealed") else bytes.fromhex(v.get("raw_hex", base["raw_hex"]))
        got = result(text, raw, policies[v.get("policy", base["policy"])])
        if got != v["result"]:
            wrong += 1
            print("%s: %s, want %s" % (v["name"], got, v["result"]))
    print("%d vectors, %d wrong" % (len(file["vectors"]), wrong))
    return 1 if wrong else 0


def run_files(args):
    with open(args.policy, "rb") as f:
        policy = read_policy(f.read())
    checked = failed = 0
    for name in args.proof:
        with open(name, "rb") as f:
            data = f.read()
        if data.startswith(b"{"):
            lines = [json.loads(line) for line in data.splitlines()]
            items = [(o["event"], o["proof"].encode(), None if o.get("raw") is None else base64.b64decode(o["raw"]))
                     for o in lines]
        else:
            raw = None
            if args.raw:
                with open(args.raw, "rb") as f:
                    raw = f.read()
            items = [(name, data, raw)]
        for label, text, raw in items:
            checked += 1
            try:
                check(Proof(text), raw, policy)
            except Malformed as reason:
                print("FAILED %s: malformed: %s" % (ascii(label), reason))
                failed += 1
            except Failed as failure:
                print("FAILED %s: %s: %s" % (ascii(label), failure.check, failure.reason))
                failed += 1
    print("%d proofs checked, %d failed" % (checked, failed))
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--policy", help="tlog-policy with the logs and witnesses to believe")
    parser.add_argument("--raw", help="the record's bytes, for one proof")
    parser.add_argument("--vectors", help="check this file of test vectors")
    parser.add_argument("proof", nargs="*", help="tlog-proof, or lines of JSON with many")
    args = parser.parse_args()
    try:
        if args.vectors:
            return run_vectors(args.vectors)
        if not args.policy or not args.proof:
            parser.error("give --policy and at least one proof")
        return run_files(args)
    except (OSError, ValueError, KeyError, Malformed) as err:
        print("verify.py: %s" % err, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
