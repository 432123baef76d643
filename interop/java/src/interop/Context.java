package interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.store.OffsetStore;
import org.apache.rocketmq.client.consumer.store.ReadOffsetType;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** What one case works with: fresh names, clients that are shut down afterwards, and the way to the driver. */
final class Context {
    final String name;
    final Options options;
    private final Driver driver;
    private final Shared shared;
    private final AtomicInteger serial = new AtomicInteger();
    private final ConcurrentLinkedDeque<Runnable> closers = new ConcurrentLinkedDeque<>();

    Context(String name, Options options, Driver driver, Shared shared) {
        this.name = name;
        this.options = options;
        this.driver = driver;
        this.shared = shared;
    }

    /** Shortens the waits that only cost time in a test. */
    static void shorten(ClientConfig client) {
        client.setPollNameServerInterval(500);
        client.setHeartbeatBrokerInterval(1000);
        client.setPersistConsumerOffsetInterval(500);
    }

    void event(String text) {
        driver.event(name, text);
    }

    void ask(String request) throws IOException {
        driver.ask(request);
    }

    /** A topic or group name that nobody else uses. */
    String fresh(String what) {
        return name + "-" + what + serial.incrementAndGet();
    }

    /** Creates a topic and waits until its route is known. */
    String topic(int queues) throws Exception {
        String topic = fresh("t");
        createTopic(topic, queues);
        return topic;
    }

    void createTopic(String topic, int queues) throws Exception {
        ClientVersion.createTopic(shared.producer, topic, queues);
        Check.eventually("route of " + topic, () -> queues(topic).size() == queues);
    }

    /** The queues that a consumer sees, in order; none while the topic has no route. */
    List<MessageQueue> queues(String topic) {
        try {
            Set<MessageQueue> found = shared.reader.fetchSubscribeMessageQueues(topic);
            return found.stream().sorted(Comparator.comparing(MessageQueue::getQueueId)).toList();
        } catch (MQClientException unknown) {
            return List.of();
        }
    }

    /** A producer that all cases share. */
    DefaultMQProducer producer() {
        return shared.producer;
    }

    /** A pull consumer that all cases share, for looking into queues. */
    DefaultMQPullConsumer reader() {
        return shared.reader;
    }

    /** Settings every own client gets: the name server, an instance of its own, short intervals. */
    private <C extends ClientConfig> C own(C client) {
        client.setNamesrvAddr(options.namesrv());
        client.setInstanceName(fresh("client"));
        if (!options.slow()) {
            shorten(client);
        }
        return client;
    }

    /** A started producer with settings of its own. */
    DefaultMQProducer producer(Consumer<DefaultMQProducer> settings) throws Exception {
        DefaultMQProducer producer = own(new DefaultMQProducer(fresh("producer")));
        producer.setSendMsgTimeout(10_000);
        settings.accept(producer);
        closers.push(producer::shutdown);
        producer.start();
        return producer;
    }

    /** A push consumer that is not started yet and reads from the first offset. */
    DefaultMQPushConsumer push(String group) {
        DefaultMQPushConsumer consumer = own(new DefaultMQPushConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(4);
        consumer.setConsumeThreadMax(4);
        closers.push(consumer::shutdown);
        return consumer;
    }

    DefaultMQPullConsumer pull(String group) throws Exception {
        DefaultMQPullConsumer consumer = own(new DefaultMQPullConsumer(group));
        closers.push(consumer::shutdown);
        consumer.start();
        return consumer;
    }

    /** A lite pull consumer that is not started yet. */
    DefaultLitePullConsumer lite(String group) {
        DefaultLitePullConsumer consumer = own(new DefaultLitePullConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setPullThreadNums(4);
        closers.push(consumer::shutdown);
        return consumer;
    }

    SendResult send(Message message) throws Exception {
        return ok(shared.producer.send(message));
    }

    SendResult send(Message message, MessageQueue queue) throws Exception {
        return ok(shared.producer.send(message, queue));
    }

    /** Sends `count` messages with the bodies `prefix0`, `prefix1`, ... to the queues in turn; returns the bodies. */
    List<String> sendMany(String topic, String prefix, int count) throws Exception {
        List<MessageQueue> queues = queues(topic);
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            send(message(topic, "", prefix + i), queues.get(i % queues.size()));
            bodies.add(prefix + i);
        }
        return bodies;
    }

    static SendResult ok(SendResult result) {
        Check.equal("send status", SendStatus.SEND_OK, result.getSendStatus());
        return result;
    }

    static Message message(String topic, String tags, String body) {
        return new Message(topic, tags, body.getBytes(StandardCharsets.UTF_8));
    }

    static String body(MessageExt message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }

    /** Everything that is readable in a topic now, queue by queue. */
    List<MessageExt> readAll(String topic) throws Exception {
        List<MessageExt> all = new ArrayList<>();
        for (MessageQueue queue : queues(topic)) {
            long end = shared.reader.maxOffset(queue);
            long at = shared.reader.minOffset(queue);
            while (at < end) {
                PullResult result = shared.reader.pull(queue, "*", at, 32);
                Check.equal("pull status at " + at, PullStatus.FOUND, result.getPullStatus());
                all.addAll(result.getMsgFoundList());
                at = result.getNextBeginOffset();
            }
        }
        return all;
    }

    /** Sum of the queues' next offsets. */
    long messagesIn(String topic) throws Exception {
        long sum = 0;
        for (MessageQueue queue : queues(topic)) {
            sum += shared.reader.maxOffset(queue);
        }
        return sum;
    }

    /**
     * Waits until the consumer itself counts `total` messages of a topic as consumed: a moment after its listener took
     * them. A shutdown in that moment is followed by messages a second time.
     */
    void awaitCounted(DefaultMQPushConsumer consumer, String topic, long total) throws Exception {
        OffsetStore offsets = consumer.getOffsetStore();
        Check.eventually("progress counted by the consumer", () -> {
            long found = 0;
            for (MessageQueue queue : queues(topic)) {
                found += Math.max(0, offsets.readOffset(queue, ReadOffsetType.READ_FROM_MEMORY));
            }
            return found == total;
        });
    }

    /**
     * Waits until the offsets that the broker has of a group add up to `total`; commits are one-way requests. For groups
     * without a living consumer, as it would have to share its queues with the one who asks.
     */
    void awaitStored(String group, String topic, long total) throws Exception {
        DefaultMQPullConsumer looker = pull(group);
        Check.eventually("stored offsets of " + group, () -> {
            long found = 0;
            for (MessageQueue queue : queues(topic)) {
                found += Math.max(0, looker.fetchConsumeOffset(queue, true));
            }
            return found == total;
        });
        looker.shutdown();
    }

    /** Waits until the offsets of a group on the broker's disk add up to `total`: what even a kill -9 leaves. */
    void awaitSaved(String group, String topic, long total) throws IOException {
        ask("await-saved " + group + " " + topic + " " + total);
    }

    /** Shuts a consumer down after it has counted `total` messages, and waits until the broker knows that too. */
    void stopAfter(DefaultMQPushConsumer consumer, String topic, long total) throws Exception {
        awaitCounted(consumer, topic, total);
        consumer.shutdown();
        awaitStored(consumer.getConsumerGroup(), topic, total);
    }

    /** Shuts the case's own clients down. */
    void close() {
        for (Runnable closer : closers) {
            try {
                closer.run();
            } catch (RuntimeException ignored) {
                // The case is over; a client that was already shut down may complain.
            }
        }
    }
}
