package interop;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** What travels in a message: properties, characters, compression, size. */
final class BodyCases {
    private static final int MAX_BODY = 4 * 1024 * 1024;
    private static final int MESSAGE_ILLEGAL = 13;

    static final List<Case> ALL = List.of(
            Case.together("body-properties", BodyCases::properties),
            Case.together("body-many-properties", BodyCases::manyProperties),
            Case.together("body-non-ascii", BodyCases::nonAscii),
            Case.together("body-compressed", BodyCases::compressed),
            Case.together("body-at-limit", BodyCases::atLimit));

    private BodyCases() {}

    private static void properties(Context c) throws Exception {
        String topic = c.topic(1);
        Message message = Context.message(topic, "TagA", "body");
        message.setKeys(List.of("k1", "k2"));
        message.setFlag(77);
        message.setBuyerId("buyer");
        message.putUserProperty("plain", "value");
        message.putUserProperty("spaces and =;", " a b = c ; d ");
        message.putUserProperty("quotes", "\"'\\/{}[]");
        c.send(message);
        MessageExt found = c.readAll(topic).get(0);
        Check.equal("tags", "TagA", found.getTags());
        Check.equal("keys", "k1 k2", found.getKeys());
        Check.equal("flag", 77, found.getFlag());
        Check.equal("buyer", "buyer", found.getBuyerId());
        Check.equal("plain", "value", found.getUserProperty("plain"));
        Check.equal("spaces", " a b = c ; d ", found.getUserProperty("spaces and =;"));
        Check.equal("quotes", "\"'\\/{}[]", found.getUserProperty("quotes"));
        Check.equal("reconsume times", 0, found.getReconsumeTimes());
        // The broker adds these to what the producer sent.
        Check.equal("region", "DefaultRegion", found.getProperty("MSG_REGION"));
        Check.equal("trace", "true", found.getProperty("TRACE_ON"));
        Check.equal("cluster", "DefaultCluster", found.getProperty("CLUSTER"));
    }

    private static void manyProperties(Context c) throws Exception {
        String topic = c.topic(1);
        Map<String, String> expected = new TreeMap<>();
        Message message = Context.message(topic, "", "body");
        for (int i = 0; i < 500; i++) {
            expected.put("property-" + i, "value of property number " + i);
        }
        expected.forEach(message::putUserProperty);
        c.send(message);
        Map<String, String> found = new TreeMap<>(c.readAll(topic).get(0).getProperties());
        found.keySet().retainAll(expected.keySet());
        Check.equal("properties", expected, found);

        // The length of the whole property text is stored in 16 bits, signed.
        Message tooMany = Context.message(topic, "", "body");
        tooMany.putUserProperty("long", "x".repeat(32_768));
        MQBrokerException refused =
                Check.refused("32 KiB of properties", MQBrokerException.class, () -> c.producer().send(tooMany));
        Check.equal("code", MESSAGE_ILLEGAL, refused.getResponseCode());
    }

    private static void nonAscii(Context c) throws Exception {
        String topic = c.topic(1);
        String text = "Größe 消息 сообщение 🦀 \u0000\u0007";
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        Received received = new Received();
        consumer.subscribe(topic, "标签 || Größe");
        consumer.registerMessageListener(received.concurrently());
        for (String tag : List.of("标签", "other", "Größe")) {
            Message message = Context.message(topic, tag, text + tag);
            message.setKeys("ключ-" + tag);
            message.putUserProperty("имя 🦀", "значение 🦀");
            c.send(message);
        }
        consumer.start();
        received.awaitExactly(List.of(text + "标签", text + "Größe"));
        for (MessageExt message : received.list()) {
            Check.equal("keys", "ключ-" + message.getTags(), message.getKeys());
            Check.equal("property", "значение 🦀", message.getUserProperty("имя 🦀"));
        }
    }

    private static void compressed(Context c) throws Exception {
        String topic = c.topic(1);
        byte[] body = "compresses well. ".repeat(6000).getBytes(StandardCharsets.UTF_8);
        for (String type : ClientVersion.compressions()) {
            DefaultMQProducer producer = c.producer(own -> ClientVersion.compress(own, type));
            Context.ok(producer.send(new Message(topic, type, body)));
        }
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        Received received = new Received();
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        int expected = ClientVersion.compressions().size();
        Check.eventually(expected + " messages", () -> received.count() == expected);
        for (MessageExt message : received.list()) {
            Check.isTrue("body of " + message.getTags(), Arrays.equals(body, message.getBody()));
            Check.isTrue("stored compressed: " + message.getStoreSize(), message.getStoreSize() < 20_000);
        }
    }

    private static void atLimit(Context c) throws Exception {
        String topic = c.topic(1);
        byte[] body = new byte[MAX_BODY];
        new Random(1).nextBytes(body);
        DefaultMQProducer producer = c.producer(own -> {
            own.setCompressMsgBodyOverHowmuch(64 * 1024 * 1024);
            own.setSendMsgTimeout(60_000);
        });
        Context.ok(producer.send(new Message(topic, body)));

        byte[] over = Arrays.copyOf(body, MAX_BODY + 1);
        MQClientException byClient = Check.refused(
                "4 MiB + 1 at the client", MQClientException.class, () -> producer.send(new Message(topic, over)));
        Check.equal("code", MESSAGE_ILLEGAL, byClient.getResponseCode());

        producer.setMaxMessageSize(2 * MAX_BODY);
        MQBrokerException byBroker = Check.refused(
                "4 MiB + 1 at the broker", MQBrokerException.class, () -> producer.send(new Message(topic, over)));
        Check.equal("code", MESSAGE_ILLEGAL, byBroker.getResponseCode());

        Context.ok(producer.send(Context.message(topic, "", "after")));
        List<MessageExt> found = c.readAll(topic);
        Check.equal("messages", 2, found.size());
        Check.isTrue("body of 4 MiB", Arrays.equals(body, found.get(0).getBody()));
        Check.equal("next body", "after", Context.body(found.get(1)));
    }
}
