package interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Fills a store with one of everything, again in every turn, and checks on the way that offsets go on where they stood. */
final class StoreWriter {
    private static final int QUEUES = 3;
    private static final int PLAIN = 180;
    private static final int BIG_BYTES = 400_000;
    private static final int SCHEDULE_QUEUES = 18;
    private static final int READ = 30;
    private static final int UNREAD = 9;
    private static final String BROKER = "broker-a";

    private final Context c;
    private final int bigMessages;
    final String plain;
    final String consumed;
    private final String failing;
    private final String delayed;
    final String committer;
    private final String follower;
    private final String failer;
    /** If its retry topic has more than 127 bytes, only the second version of the record can hold that. */
    private final String longGroup;
    private final Map<MessageQueue, Long> next = new HashMap<>();
    private final List<String> keys = new ArrayList<>();
    private final List<String> unread = new ArrayList<>();

    StoreWriter(Context c, boolean hasLongGroup, int bigMessages) {
        this.c = c;
        this.bigMessages = bigMessages;
        plain = c.fresh("plain");
        consumed = c.fresh("consumed");
        failing = c.fresh("failing");
        delayed = c.fresh("delayed");
        committer = c.fresh("committer");
        follower = c.fresh("follower");
        failer = c.fresh("failer");
        longGroup = c.fresh("long") + "-group".repeat(hasLongGroup ? 30 : 1);
    }

    /** Keys under which messages of {@link #plain} are found. */
    List<String> keys() {
        return List.copyOf(keys);
    }

    /** Every queue that was written to, also those that only the broker writes to. */
    List<MessageQueue> queues() {
        List<MessageQueue> all = new ArrayList<>();
        for (String topic : List.of(plain, consumed)) {
            add(all, topic, QUEUES);
        }
        for (String topic : List.of(failing, delayed, "%RETRY%" + failer, "%DLQ%" + failer, "%RETRY%" + longGroup)) {
            add(all, topic, 1);
        }
        add(all, "SCHEDULE_TOPIC_XXXX", SCHEDULE_QUEUES);
        return all;
    }

    private static void add(List<MessageQueue> all, String topic, int queues) {
        for (int id = 0; id < queues; id++) {
            all.add(new MessageQueue(topic, BROKER, id));
        }
    }

    void awaitBroker() throws Exception {
        Check.eventually("route of " + plain, () -> c.queues(plain).size() == QUEUES);
        Check.eventually("an answer", () -> {
            try {
                return c.reader().maxOffset(new MessageQueue(plain, BROKER, 0)) > 0;
            } catch (Exception notYet) {
                return false;
            }
        });
    }

    void write(int turn) throws Exception {
        if (turn == 0) {
            c.createTopic(plain, QUEUES);
            c.createTopic(consumed, QUEUES);
            c.createTopic(failing, 1);
            c.createTopic(delayed, 1);
        }
        plain(turn);
        batch(turn);
        foreign(turn);
        big(turn);
        commit(turn);
        fail(turn);
        follow(turn);
        delay(turn);
        awaitSaved(turn);
    }

    /** All progress lies on the broker's disk, so that not even a kill takes anything from it. */
    private void awaitSaved(int turn) throws Exception {
        long committed = 0;
        for (int id = 0; id < QUEUES; id++) {
            committed += committed(turn, id);
        }
        c.awaitSaved(committer, plain, committed);
        c.awaitSaved(follower, consumed, (turn + 1L) * READ + (long) turn * UNREAD);
        long delayed = 0;
        for (int level = 1; level <= SCHEDULE_QUEUES; level++) {
            delayed += Math.max(0, max(new MessageQueue("SCHEDULE_TOPIC_XXXX", BROKER, level - 1)));
        }
        // One message is left for the next turn.
        c.ask("await-delay-saved " + (delayed - 1));
    }

    private void send(Message message, MessageQueue queue) throws Exception {
        SendResult sent = c.send(message, queue);
        Check.equal("offset in " + queue, next.getOrDefault(queue, 0L), sent.getQueueOffset());
        next.merge(queue, 1L, Long::sum);
    }

    private MessageQueue queue(int id) {
        return new MessageQueue(plain, BROKER, id);
    }

    private void plain(int turn) throws Exception {
        for (int i = 0; i < PLAIN; i++) {
            Message message = Context.message(plain, "Tag" + i % 4, "plain-" + turn + "-" + i);
            String key = "key-" + turn + "-" + i;
            message.setKeys(List.of(key, "decade-" + turn + "-" + i / 10));
            message.putUserProperty("number", String.valueOf(i));
            message.setFlag(i);
            send(message, queue(i % QUEUES));
            if (i % 20 == 0) {
                keys.add(key);
                keys.add("decade-" + turn + "-" + i / 10);
            }
        }
    }

    private void batch(int turn) throws Exception {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Message message = Context.message(plain, "TagB", "batch-" + turn + "-" + i);
            message.setKeys("batch-key-" + turn + "-" + i);
            messages.add(message);
        }
        SendResult sent = Context.ok(c.producer().send(messages, queue(1)));
        Check.equal("offset of the batch", next.getOrDefault(queue(1), 0L), sent.getQueueOffset());
        next.merge(queue(1), 20L, Long::sum);
        keys.add("batch-key-" + turn + "-7");
    }

    private void foreign(int turn) throws Exception {
        Message message = Context.message(plain, "Тег-日本", "тело 日本語 \uD83D\uDE42 " + turn);
        message.setKeys("ключ-" + turn + "-\uD83D\uDE42");
        message.putUserProperty("имя", "значение \uD83D\uDE42");
        send(message, queue(2));
        keys.add("ключ-" + turn + "-\uD83D\uDE42");
    }

    private void big(int turn) throws Exception {
        for (int i = 0; i < bigMessages; i++) {
            byte[] body = new byte[BIG_BYTES];
            new Random(turn * 100L + i).nextBytes(body);
            Message message = new Message(plain, "Big", "big-" + turn + "-" + i, body);
            send(message, queue(i % QUEUES));
            keys.add("big-" + turn + "-" + i);
        }
    }

    /** Offsets that a group commits without consuming. */
    private void commit(int turn) throws Exception {
        DefaultMQPullConsumer consumer = c.pull(committer);
        for (int id = 0; id < QUEUES; id++) {
            MessageQueue queue = queue(id);
            long offset = committed(turn, id);
            Check.eventually("committed in " + queue, () -> commits(consumer, queue, offset));
        }
        consumer.shutdown();
    }

    private static long committed(int turn, int id) {
        return 10L * (turn + 1) + id;
    }

    /** The broker knows a group from its first heartbeat on. */
    private static boolean commits(DefaultMQPullConsumer consumer, MessageQueue queue, long offset) throws Exception {
        try {
            consumer.getOffsetStore().updateConsumeOffsetToBroker(queue, offset, false);
            return true;
        } catch (MQBrokerException unknownGroup) {
            return false;
        }
    }

    /** One group fails twice, which makes a dead letter; the one with the long name fails once. */
    private void fail(int turn) throws Exception {
        Received second = new Received();
        DefaultMQPushConsumer hopeless = failing(failer, message -> false);
        DefaultMQPushConsumer unlucky = failing(longGroup, message -> {
            if (message.getReconsumeTimes() > 0) {
                second.add(message);
            }
            return message.getReconsumeTimes() > 0;
        });
        Message message = Context.message(failing, "TagA", "works never or later " + turn);
        message.setKeys("dead-" + turn);
        send(message, new MessageQueue(failing, BROKER, 0));
        MessageQueue dead = new MessageQueue("%DLQ%" + failer, BROKER, 0);
        Check.eventually("dead letter " + turn, () -> max(dead) == turn + 1);
        second.awaitExactly(List.of("works never or later " + turn));
        stopFailing(hopeless, turn);
        stopFailing(unlucky, turn);
    }

    /** Not before the consumer counts what it gave back: else the next turn gets that once more, and one dead letter too many. */
    private void stopFailing(DefaultMQPushConsumer consumer, int turn) throws Exception {
        String retry = "%RETRY%" + consumer.getConsumerGroup();
        for (String topic : List.of(failing, retry)) {
            c.awaitCounted(consumer, topic, turn + 1L);
        }
        c.stopAfter(consumer, retry, turn + 1L);
        c.awaitStored(consumer.getConsumerGroup(), failing, turn + 1L);
    }

    private DefaultMQPushConsumer failing(String group, Predicate<MessageExt> works) throws Exception {
        DefaultMQPushConsumer consumer = c.push(group);
        consumer.setMaxReconsumeTimes(1);
        consumer.subscribe(failing, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) ->
                works.test(messages.get(0)) ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER);
        consumer.start();
        return consumer;
    }

    private long max(MessageQueue queue) {
        try {
            return c.reader().maxOffset(queue);
        } catch (Exception notYet) {
            return -1;
        }
    }

    /** A group that read everything so far, and gets exactly what was left unread by the turn before. */
    private void follow(int turn) throws Exception {
        Received received = new Received();
        DefaultMQPushConsumer consumer = c.push(follower);
        consumer.subscribe(consumed, "*");
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        List<String> expected = new ArrayList<>(unread);
        expected.addAll(c.sendMany(consumed, "read-" + turn + "-", READ));
        received.awaitExactly(expected);
        c.stopAfter(consumer, consumed, (turn + 1L) * READ + (long) turn * UNREAD);
        unread.clear();
        unread.addAll(c.sendMany(consumed, "unread-" + turn + "-", UNREAD));
    }

    /** One delayed message comes in this turn, another one is left for the next. */
    private void delay(int turn) throws Exception {
        MessageQueue queue = new MessageQueue(delayed, BROKER, 0);
        long had = max(queue);
        for (int level : List.of(1, turn % 2 == 0 ? 17 : 18)) {
            Message message = Context.message(delayed, "TagD", "level " + level + " in turn " + turn);
            message.setKeys("delayed-" + turn);
            message.setDelayTimeLevel(level);
            c.send(message, queue);
        }
        Check.eventually("the short delay of turn " + turn, () -> max(queue) == had + 1);
    }

    /** What the turn `turn` left waiting is delivered by another server. */
    void pendingArrives(int turn) throws Exception {
        String body = "level " + (turn % 2 == 0 ? 17 : 18) + " in turn " + turn;
        Check.eventually(body, () -> c.readAll(delayed).stream().map(Context::body).filter(body::equals).count() == 1);
    }
}
