package interop;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullCallback;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.MessageQueue;

/** The old pull consumer: every pull is the application's. */
final class PullCases {
    static final List<Case> ALL = List.of(
            Case.together("pull-statuses", PullCases::statuses),
            Case.together("pull-offsets", PullCases::offsets),
            Case.together("pull-waits-for-message", PullCases::waits));

    private PullCases() {}

    private static void statuses(Context c) throws Exception {
        String topic = c.topic(2);
        MessageQueue queue = c.queues(topic).get(0);
        for (int i = 0; i < 10; i++) {
            c.send(Context.message(topic, i < 5 ? "TagA" : "TagB", "m" + i), queue);
        }
        DefaultMQPullConsumer consumer = c.pull(c.fresh("g"));
        PullResult found = consumer.pull(queue, "*", 3, 4);
        Check.equal("found", PullStatus.FOUND, found.getPullStatus());
        Check.equal("bodies", List.of("m3", "m4", "m5", "m6"),
                found.getMsgFoundList().stream().map(Context::body).toList());
        Check.equal("next", 7L, found.getNextBeginOffset());
        Check.equal("min", 0L, found.getMinOffset());
        Check.equal("max", 10L, found.getMaxOffset());

        PullResult tagged = consumer.pull(queue, "TagB", 0, 32);
        Check.equal("tagged", PullStatus.FOUND, tagged.getPullStatus());
        Check.equal("bodies", List.of("m5", "m6", "m7", "m8", "m9"),
                tagged.getMsgFoundList().stream().map(Context::body).toList());

        PullResult unmatched = consumer.pull(queue, "TagC", 0, 32);
        Check.equal("unmatched", PullStatus.NO_MATCHED_MSG, unmatched.getPullStatus());
        Check.equal("next of unmatched", 10L, unmatched.getNextBeginOffset());

        PullResult end = consumer.pull(queue, "*", 10, 32);
        Check.equal("end", PullStatus.NO_NEW_MSG, end.getPullStatus());
        Check.equal("next of end", 10L, end.getNextBeginOffset());

        PullResult beyond = consumer.pull(queue, "*", 100, 32);
        Check.equal("beyond", PullStatus.OFFSET_ILLEGAL, beyond.getPullStatus());
        Check.equal("next of beyond", 10L, beyond.getNextBeginOffset());

        PullResult empty = consumer.pull(c.queues(topic).get(1), "*", 0, 32);
        Check.equal("empty queue", PullStatus.NO_NEW_MSG, empty.getPullStatus());
    }

    private static void offsets(Context c) throws Exception {
        String topic = c.topic(1);
        String group = c.fresh("g");
        MessageQueue queue = c.queues(topic).get(0);
        c.sendMany(topic, "m", 10);
        DefaultMQPullConsumer consumer = c.pull(group);
        consumer.pull(queue, "*", 0, 7);
        consumer.updateConsumeOffset(queue, 7);
        consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
        Check.eventually("committed 7", () -> consumer.fetchConsumeOffset(queue, true) == 7);
        consumer.updateConsumeOffset(queue, 9);
        consumer.shutdown();
        DefaultMQPullConsumer next = c.pull(group);
        // A consumer's last commit is a one-way request: it may arrive after the shutdown returned.
        Check.eventually("offset after restart", () -> {
            long stored = next.fetchConsumeOffset(queue, true);
            c.event("stored offset " + stored);
            return stored == 7 || stored == 9;
        });
    }

    private static void waits(Context c) throws Exception {
        String topic = c.topic(1);
        MessageQueue queue = c.queues(topic).get(0);
        DefaultMQPullConsumer consumer = c.pull(c.fresh("g"));
        CompletableFuture<PullResult> answer = new CompletableFuture<>();
        consumer.pullBlockIfNotFound(queue, "*", 0, 32, new PullCallback() {
            @Override
            public void onSuccess(PullResult result) {
                answer.complete(result);
            }

            @Override
            public void onException(Throwable error) {
                answer.completeExceptionally(error);
            }
        });
        Thread.sleep(1500);
        Check.isTrue("answered before there was a message", !answer.isDone());
        long sent = System.nanoTime();
        c.send(Context.message(topic, "", "awaited"));
        PullResult result = answer.get(60, TimeUnit.SECONDS);
        c.event("answered " + (System.nanoTime() - sent) / 1_000_000 + " ms after the send began");
        Check.equal("status", PullStatus.FOUND, result.getPullStatus());
        Check.equal("body", "awaited", Context.body(result.getMsgFoundList().get(0)));
    }
}
