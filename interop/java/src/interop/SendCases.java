package interop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Ways to send, and what the answer says. */
final class SendCases {
    static final List<Case> ALL = List.of(
            Case.together("send-sync", SendCases::sync),
            Case.together("send-async", SendCases::async),
            Case.together("send-one-way", SendCases::oneWay),
            Case.together("send-batch", SendCases::batch),
            Case.together("send-to-chosen-queue", SendCases::chosenQueue),
            Case.together("send-many-threads", SendCases::manyThreads));

    private SendCases() {}

    /** Hex digits of an id: 32 where addresses have 4 bytes, 56 where they have 16. */
    private static void idShape(String what, String id) {
        Check.isTrue(what + " " + id, id != null && id.matches("[0-9A-F]{32}|[0-9A-F]{56}"));
    }

    private static void sync(Context c) throws Exception {
        String topic = c.topic(4);
        Map<String, String> placed = new HashMap<>();
        for (int i = 0; i < 20; i++) {
            SendResult result = c.send(Context.message(topic, "TagA", "sync" + i));
            idShape("message id", result.getMsgId());
            idShape("offset message id", result.getOffsetMsgId());
            Check.equal("topic of the answer", topic, result.getMessageQueue().getTopic());
            place(placed, result, "sync" + i);
        }
        Check.equal("places", 20, placed.size());
        samePlaces(c, topic, placed);
        for (MessageQueue queue : c.queues(topic)) {
            // The producer goes round the queues, so each of the four has five messages, without a gap.
            Check.equal("next offset of " + queue, 5L, c.reader().maxOffset(queue));
        }
    }

    private static void place(Map<String, String> placed, SendResult result, String body) {
        placed.put(result.getMessageQueue().getQueueId() + "@" + result.getQueueOffset(), body);
    }

    /** Every message is where the answer to its send said. */
    private static void samePlaces(Context c, String topic, Map<String, String> placed) throws Exception {
        Map<String, String> found = new HashMap<>();
        for (MessageExt message : c.readAll(topic)) {
            found.put(message.getQueueId() + "@" + message.getQueueOffset(), Context.body(message));
        }
        Check.equal("places", placed, found);
    }

    private static void async(Context c) throws Exception {
        String topic = c.topic(4);
        int count = 50;
        CountDownLatch answers = new CountDownLatch(count);
        Map<String, String> placed = Collections.synchronizedMap(new HashMap<>());
        ConcurrentLinkedQueue<Throwable> errors = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < count; i++) {
            String body = "async" + i;
            c.producer().send(Context.message(topic, "", body), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    place(placed, result, body);
                    answers.countDown();
                }

                @Override
                public void onException(Throwable error) {
                    errors.add(error);
                    answers.countDown();
                }
            });
        }
        Check.isTrue("all answers", answers.await(60, TimeUnit.SECONDS));
        Check.equal("errors", "[]", errors.toString());
        samePlaces(c, topic, placed);
    }

    private static void oneWay(Context c) throws Exception {
        String topic = c.topic(2);
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            c.producer().sendOneway(Context.message(topic, "", "oneway" + i));
            bodies.add("oneway" + i);
        }
        Check.eventually("20 messages", () -> c.messagesIn(topic) == 20);
        List<String> found = c.readAll(topic).stream().map(Context::body).sorted().toList();
        Check.equal("bodies", bodies.stream().sorted().toList(), found);
    }

    private static void batch(Context c) throws Exception {
        String topic = c.topic(2);
        MessageQueue queue = c.queues(topic).get(1);
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Message message = Context.message(topic, "Tag" + i, "batch" + i);
            message.setKeys("batch-key-" + i);
            message.putUserProperty("n", String.valueOf(i));
            batch.add(message);
        }
        c.send(Context.message(topic, "", "before"), queue);
        SendResult result = Context.ok(c.producer().send(batch, queue));
        Check.equal("queue", 1, result.getMessageQueue().getQueueId());
        Check.equal("offset of the first", 1L, result.getQueueOffset());
        Set<String> ids = new HashSet<>(List.of(result.getMsgId().split(",")));
        Set<String> offsetIds = new HashSet<>(List.of(result.getOffsetMsgId().split(",")));
        Check.equal("message ids", 10, ids.size());
        Check.equal("offset message ids", 10, offsetIds.size());
        List<MessageExt> found = c.readAll(topic);
        for (int i = 0; i < 10; i++) {
            MessageExt message = found.get(i + 1);
            Check.equal("offset", i + 1L, message.getQueueOffset());
            Check.equal("body", "batch" + i, Context.body(message));
            Check.equal("tags", "Tag" + i, message.getTags());
            Check.equal("keys", "batch-key-" + i, message.getKeys());
            Check.equal("property", String.valueOf(i), message.getUserProperty("n"));
            if (c.options.apache() && ClientVersion.BATCH_HAS_ID) {
                // Apache's broker appends the properties of the batch to those of each message. The batch of a newer
                // client has an id of its own, so all ten messages have that one, and none that the answer names.
                Check.equal("shared id", found.get(1).getMsgId(), message.getMsgId());
            } else {
                Check.isTrue(message.getMsgId() + " is in " + ids, ids.contains(message.getMsgId()));
            }
        }
    }

    /** Eight threads send into one queue: no offset is given twice, none is left out, and each thread's own ascend. */
    private static void manyThreads(Context c) throws Exception {
        String topic = c.topic(1);
        MessageQueue queue = c.queues(topic).get(0);
        Map<Long, String> placed = new ConcurrentHashMap<>();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<?>> running = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            String prefix = "thread" + thread + "-";
            running.add(threads.submit(() -> {
                long last = -1;
                for (int i = 0; i < 100; i++) {
                    long offset = c.send(Context.message(topic, "", prefix + i), queue).getQueueOffset();
                    Check.isTrue(offset + " after " + last, offset > last);
                    Check.equal("offset " + offset + " twice", null, placed.put(offset, prefix + i));
                    last = offset;
                }
                return null;
            }));
        }
        threads.shutdown();
        for (Future<?> one : running) {
            one.get();
        }
        List<MessageExt> found = c.readAll(topic);
        Check.equal("messages", 800, found.size());
        for (MessageExt message : found) {
            Check.equal("at " + message.getQueueOffset(), placed.get(message.getQueueOffset()), Context.body(message));
        }
    }

    private static void chosenQueue(Context c) throws Exception {
        String topic = c.topic(4);
        for (int key = 0; key < 8; key++) {
            SendResult result = Context.ok(c.producer().send(
                    Context.message(topic, "", "chosen" + key),
                    (queues, message, arg) -> queues.get((Integer) arg % queues.size()),
                    key));
            Check.equal("queue of key " + key, key % 4, result.getMessageQueue().getQueueId());
            Check.equal("offset of key " + key, key / 4L, result.getQueueOffset());
        }
        for (MessageQueue queue : c.queues(topic)) {
            SendResult result = c.send(Context.message(topic, "", "named"), queue);
            Check.equal("queue", queue, result.getMessageQueue());
            Check.equal("offset", 2L, result.getQueueOffset());
        }
    }
}
