"""The requests of `interop/twins`: what clients send, and what goes wrong at its edges. Order matters."""

import json
import struct
from typing import NamedTuple

TOPIC, GROUP = "twin-topic", "twin-group"


class Request(NamedTuple):
    """One request. `differs` says why FerroMQ's answer is meant to be another one."""

    name: str
    code: int
    fields: dict
    body: bytes = b""
    differs: str = ""
    to: str = "broker"


def _with(base, changes):
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def _topic(name, differs="", **changes):
    base = dict(topic=TOPIC, defaultTopic="TBW102", readQueueNums="2", writeQueueNums="2", perm="6")
    base.update(topicFilterType="SINGLE_TAG", topicSysFlag="0", order="false")
    return Request("create topic: " + name, 17, _with(base, changes), differs=differs)


def _send(name, body=b"x", differs="", **changes):
    base = dict(producerGroup="raw", topic=TOPIC, defaultTopic="TBW102", defaultTopicQueueNums="4", queueId="0")
    base.update(sysFlag="0", bornTimestamp="1700000000000", flag="0", properties="", reconsumeTimes="0")
    base.update(unitMode="false", batch="false")
    return Request("send: " + name, 10, _with(base, changes), body, differs)


def _send_v2(name, code, body, differs="", **changes):
    base = dict(a="raw", b=TOPIC, c="TBW102", d="4", e="1", f="0", g="1700000000000", h="0", i="", j="0", k="false")
    base.update(m="false")
    return Request("send V2: " + name, code, _with(base, changes), body, differs)


def _pull(name, differs="", code=11, **changes):
    base = dict(consumerGroup=GROUP, topic=TOPIC, queueId="0", queueOffset="0", maxMsgNums="32", sysFlag="4")
    base.update(commitOffset="0", suspendTimeoutMillis="0", subscription="*", subVersion="0", expressionType="TAG")
    return Request("pull: " + name, code, _with(base, changes), differs=differs)


def _batch(*bodies):
    items = b""
    for body in bodies:
        # Size, magic, checksum, flag, body, properties.
        items += struct.pack(">iiiii", 22 + len(body), 0, 0, 0, len(body)) + body + struct.pack(">h", 0)
    return items


def _queue(name, code, differs="", **changes):
    return Request(name, code, _with(dict(topic=TOPIC, queueId="0"), changes), differs=differs)


def _locks(client, *queues):
    owned = [dict(topic=TOPIC, brokerName="broker-a", queueId=queue) for queue in queues]
    return json.dumps(dict(consumerGroup=GROUP, clientId=client, mqSet=owned)).encode()


def _namesrv(name, code, body=b"", differs="", **fields):
    return Request("name server: " + name, code, fields, body, differs, "namesrv")


def _client_config(kind, expression):
    subscription = dict(topic=TOPIC, subString=expression, expressionType=kind)
    return json.dumps(dict(clientId="c", group=GROUP, subscriptionData=subscription)).encode()


_REFUSED = "nonsense is refused"
_FIELDS = "every refused send says region and trace"
_MISTAKE = "a bad level is the producer's mistake, not the broker's"
_NOT_YET = "not built yet"
_EMPTY = "the first message of an empty queue has offset 0: a client that asked for the end instead could miss it"
_UNKNOWN = "a topic that is not there is not an empty one"

ALL = [
    _topic("new"),
    _topic("again"),
    _topic("perm 99", _REFUSED, topic="twin-a", perm="99"),
    _topic("bad name", topic="twin.a"),
    _topic("system topic", topic="TBW102"),
    _topic("no perm", topic="twin-b", perm=None),
    _topic("no queues", _REFUSED, topic="twin-c", readQueueNums="0", writeQueueNums="0"),
    _send("plain"),
    _send("tags and keys", properties="TAGS\x01a\x02KEYS\x01k\x02"),
    _send("no body", b"", _FIELDS),
    _send("no topic", differs=_FIELDS, topic=None),
    _send("no queue", differs=_FIELDS, queueId=None),
    _send("only what is needed", properties=None, reconsumeTimes=None, unitMode=None, batch=None),
    _send("queue abc", differs=_FIELDS, queueId="abc"),
    _send("queue 99999999999", differs=_FIELDS, queueId="99999999999"),
    _send("queue -1", topic="TBW102", queueId="-1"),
    _send("queue 2 of 2", queueId="2"),
    _send("cluster topic", topic="DefaultCluster"),
    _send("empty topic", topic=""),
    _send("forbidden topic", topic="SELF_TEST_TOPIC"),
    _send("unknown template", topic="twin-d", defaultTopic="nope"),
    _send("100 queues wanted", topic="twin-e", defaultTopicQueueNums="100", queueId="7"),
    _send("retry topic", topic="%RETRY%twin-r"),
    _send("delay level", properties="DELAY\x011\x02"),
    _send("delay level abc", differs=_MISTAKE, properties="DELAY\x01abc\x02"),
    _send("own time", differs=_NOT_YET, properties="TIMER_DELAY_SEC\x011\x02"),
    _send("half message", differs=_NOT_YET, properties="TRAN_MSG\x01true\x02PGROUP\x01raw\x02", sysFlag="4"),
    _send("32 KiB of properties", properties="a\x01" + "x" * 32760),
    _send("properties without form", properties="garbage"),
    _send_v2("plain", 310, b"v2"),
    _send_v2("no topic", 310, b"v2", _FIELDS, b=None),
    _send_v2("batch", 320, _batch(b"b0", b"b1"), m="true"),
    _send_v2("batch of garbage", 320, b"garbage!garbage!", "a bad batch is illegal", m="true"),
    _send_v2("empty batch", 320, b"", _FIELDS, m="true"),
    _send_v2("batch to a retry topic", 320, _batch(b"b0"), b="%RETRY%twin-r", e="0", m="true"),
    _pull("all"),
    _pull("no such tag", subscription="zzz"),
    _pull("offset -1", queueOffset="-1"),
    _pull("offset 100", queueOffset="100"),
    _pull("at the end", queueId="1", queueOffset="3"),
    _pull("one beyond the end", queueId="1", queueOffset="4"),
    _pull("no messages wanted", maxMsgNums="0"),
    _pull("100000 messages wanted", maxMsgNums="100000"),
    _pull("unknown topic", topic="nope"),
    _pull("queue 9", queueId="9"),
    _pull("queue -1", queueId="-1"),
    _pull("empty queue", topic="twin-e"),
    _pull("empty queue, offset 5", topic="twin-e", queueOffset="5"),
    _pull("no group", consumerGroup=None),
    _pull("no offset", queueOffset=None),
    _pull("no subscription", subscription=None),
    _pull("odd expression", subscription="a && b"),
    _pull("SQL", subscription="a > 1", expressionType="SQL92"),
    _pull("no member, no expression", sysFlag="0", consumerGroup="twin-nobody"),
    _pull("bad group name", consumerGroup="bad group!"),
    _pull("lite", code=361, sysFlag="12"),
    _queue("stored offset: new group", 14, consumerGroup="twin-new"),
    _queue("stored offset: only if stored", 14, consumerGroup="twin-new", setZeroIfNotFound="false"),
    _queue("stored offset: empty queue", 14, _EMPTY, consumerGroup="twin-new", topic="twin-e"),
    _queue("stored offset: unknown topic", 14, _EMPTY, consumerGroup="twin-new", topic="nope"),
    _queue("commit: unknown group", 15, consumerGroup="twin-nobody", commitOffset="3"),
    _queue("commit: unknown topic", 15, consumerGroup=GROUP, topic="nope", commitOffset="3"),
    _queue("commit", 15, consumerGroup=GROUP, commitOffset="3"),
    _queue("stored offset", 14, consumerGroup=GROUP),
    _queue("commit: beyond the end", 15, consumerGroup=GROUP, commitOffset="300"),
    _queue("commit: negative", 15, _REFUSED, consumerGroup=GROUP, commitOffset="-5"),
    _queue("max", 30),
    _queue("max: unknown topic", 30, _UNKNOWN, topic="nope"),
    _queue("max: no queue", 30, queueId=None),
    _queue("min", 31),
    _queue("min: unknown topic", 31, _UNKNOWN, topic="nope"),
    _queue("earliest: empty queue", 32, topic="twin-e"),
    _queue("search: time 0", 29, timestamp="0"),
    _queue("search: far future", 29, timestamp="9999999999999"),
    _queue("search: upper, far future", 29, timestamp="9999999999999", boundaryType="UPPER"),
    _queue("search: upper, time 0", 29, timestamp="0", boundaryType="UPPER"),
    _queue("search: empty queue", 29, topic="twin-e", timestamp="0"),
    Request("query: no number", 12, dict(topic=TOPIC, key="k")),
    Request("view: first", 33, dict(offset="0")),
    Request("view: inside a message", 33, dict(offset="7")),
    Request("view: -1", 33, dict(offset="-1")),
    Request("view: far beyond", 33, dict(offset="99999999999999")),
    Request("view: no offset", 33, {}),
    Request("heartbeat: no body", 34, {}),
    Request("heartbeat: {}", 34, {}, b"{}"),
    Request("heartbeat: garbage", 34, {}, b"garbage"),
    Request("members: unknown group", 38, dict(consumerGroup="nope")),
    Request("members: no group", 38, {}),
    Request("unregister: unknown", 35, dict(clientID="nobody", producerGroup="x", consumerGroup="y")),
    Request("send back", 36, dict(offset="0", group=GROUP, delayLevel="1", originTopic=TOPIC, maxReconsumeTimes="16")),
    Request("send back: inside a message", 36, dict(offset="5", group=GROUP, delayLevel="1", originTopic=TOPIC)),
    Request("send back: bad group name", 36, dict(offset="0", group="bad group!", delayLevel="1", originTopic=TOPIC)),
    Request("send back: no offset", 36, dict(group=GROUP)),
    Request("lock", 41, {}, _locks("c1", 0)),
    Request("lock: another's", 41, {}, _locks("c2", 0, 1)),
    Request("lock: no body", 41, {}),
    Request("lock: garbage", 41, {}, b"xx"),
    _send("retry topic of a group with locks", topic="%RETRY%" + GROUP, reconsumeTimes="1"),
    _pull("dead letters", topic="%DLQ%" + GROUP),
    Request("unlock", 42, {}, _locks("c1", 0)),
    Request("unlock: no body", 42, {}),
    Request("check expression: tags", 46, {}, _client_config("TAG", "*")),
    Request("check expression: SQL", 46, {}, _client_config("SQL92", "a > 1")),
    Request("topic settings", 351, dict(topic=TOPIC)),
    Request("topic settings: unknown", 351, dict(topic="nope")),
    Request("topic statistics", 202, dict(topic=TOPIC)),
    Request("topic statistics: unknown", 202, dict(topic="nope")),
    Request("consumers: unknown group", 203, dict(consumerGroup="nope")),
    Request("producers: unknown group", 204, dict(producerGroup="nope")),
    Request("progress", 208, dict(consumerGroup=GROUP, topic=TOPIC)),
    Request("group settings", 352, dict(group=GROUP)),
    Request("put group that must not consume", 200, {}, b'{"groupName":"twin-off","consumeEnable":false}'),
    _pull("group that must not consume", consumerGroup="twin-off"),
    Request("delete group", 207, dict(groupName="twin-off")),
    Request("delete topic", 215, dict(topic="twin-e")),
    Request("delete topic: system topic", 215, dict(topic="TBW102")),
    Request("delete topic: unknown", 215, dict(topic="nope")),
    Request("unknown request", 4711, {}),
    _namesrv("route", 105, topic=TOPIC),
    _namesrv("route: unknown", 105, topic="nope"),
    _namesrv("route: template", 105, topic="TBW102"),
    _namesrv("clusters", 106),
    _namesrv("topics", 206),
    _namesrv("value: unknown", 101, namespace="n", key="k"),
    _namesrv("put value", 100, namespace="n", key="k", value="v"),
    _namesrv("value", 101, namespace="n", key="k"),
    _namesrv("values", 219, namespace="n"),
    _namesrv("values: unknown", 219, namespace="z"),
    _namesrv("delete value", 102, namespace="n", key="k"),
    _namesrv("topics of a cluster", 224, cluster="DefaultCluster"),
    _namesrv("topics of an unknown cluster", 224, cluster="z"),
    _namesrv("system topics", 304),
    _namesrv("wipe write permission: unknown", 205, brokerName="z"),
    _namesrv("delete topic: unknown", 216, topic="nope"),
    _namesrv("settings", 319),
    _namesrv("unknown request", 4711),
]
