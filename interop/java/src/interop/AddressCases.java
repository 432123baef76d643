package interop;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;

/** Which address of the broker a client is given. */
final class AddressCases {
    static final List<Case> ALL = List.of(Case.together("address-per-interface", AddressCases::perInterface));

    private AddressCases() {}

    /** Addresses of this machine under which others may reach it. */
    private static List<String> outerAddresses() throws Exception {
        List<String> found = new ArrayList<>();
        for (NetworkInterface one : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            for (InetAddress address : Collections.list(one.getInetAddresses())) {
                if (one.isUp() && !address.isLoopbackAddress() && address instanceof Inet4Address) {
                    found.add(address.getHostAddress());
                }
            }
        }
        return found;
    }

    /**
     * A client that came to the name server over one interface of the host gets the broker's address on that interface,
     * without any configuration. Apache's broker has one address for all: the configured one.
     */
    private static void perInterface(Context c) throws Exception {
        String topic = c.topic(1);
        String port = c.options.namesrv().split(":")[1];
        List<String> hosts = new ArrayList<>(List.of("127.0.0.1"));
        hosts.addAll(outerAddresses());
        List<String> bodies = new ArrayList<>();
        for (String host : hosts) {
            DefaultMQProducer producer = c.producer(own -> own.setNamesrvAddr(host + ":" + port));
            Context.ok(producer.send(Context.message(topic, "", "over " + host)));
            bodies.add("over " + host);
            Received received = new Received();
            DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
            consumer.setNamesrvAddr(host + ":" + port);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(received.concurrently());
            consumer.start();
            received.awaitExactly(bodies);
            MessageQueue queue = c.queues(topic).get(0);
            String broker = consumer.getDefaultMQPushConsumerImpl().getmQClientFactory()
                    .findBrokerAddressInPublish(queue.getBrokerName());
            c.event("over " + host + " the broker is " + broker);
            Check.equal("broker's host", c.options.apache() ? "127.0.0.1" : host, broker.split(":")[0]);
        }
    }
}
