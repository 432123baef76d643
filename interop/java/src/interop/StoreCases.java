package interop;

import java.util.List;

/** One store folder in the hands of two servers in turn: what one wrote, the other has. */
final class StoreCases {
    /** Of 400 kB each: enough for several files of the commit log. */
    private static final int BIG_MESSAGES = 6;

    static final List<Case> ALL = List.of(
            Case.alone("store-clean-stops", c -> inTurn(c, "clean", List.of("ferromq", "apache", "ferromq"))),
            Case.alone("store-kills", c -> inTurn(c, "kill", List.of("apache", "ferromq", "apache", "ferromq"))),
            Case.alone("store-deleted-files", c -> DeletedStoreCase.run(c, "ferromq", hasLongGroups(c, "ferromq"))),
            Case.alone("store-deleted-by-apache", c -> DeletedStoreCase.run(c, "apache", hasLongGroups(c, "apache"))));

    /** Only on request: a small store of Apache's broker, for the tests of the storage crate (`../pack-store`). */
    static final Case GOLDEN = Case.alone("store-golden", StoreCases::golden);

    private StoreCases() {}

    private static void golden(Context c) throws Exception {
        c.ask("switch-broker apache golden clean mappedFileSizeCommitLog=65536 maxMessageSize=32768 " + delayLevels(0));
        new StoreWriter(c, hasLongGroups(c, "apache"), 0).write(0);
        c.ask("switch-broker none - clean");
    }

    /**
     * Whether the group may have a name of more than 120 characters. 5.5 knows such a group only if an older broker
     * created it; 4.9 cannot read what is in its retry topic.
     */
    private static boolean hasLongGroups(Context c, String first) {
        return c.options.server().endsWith("5.3") || (c.options.server().endsWith("5.5") && first.equals("ferromq"));
    }

    private static void inTurn(Context c, String end, List<String> servers) throws Exception {
        StoreWriter writer = new StoreWriter(c, hasLongGroups(c, servers.get(0)), BIG_MESSAGES);
        StoreSnapshot before = null;
        for (int turn = 0; turn < servers.size(); turn++) {
            String server = servers.get(turn);
            // The broker that a case before this one left behind is ended in the same way.
            c.ask("switch-broker " + server + " " + c.name + " " + end + " " + delayLevels(turn));
            if (before != null) {
                writer.awaitBroker();
                before.compareWith(StoreSnapshot.take(c, writer, before.keys()));
                c.event(server + " has every message, offset, key and consumer of the server before");
                writer.pendingArrives(turn - 1);
                c.event("the pending delayed message came");
            }
            writer.write(turn);
            before = StoreSnapshot.take(c, writer, writer.keys());
            c.event(server + " holds " + before.messages() + " messages");
        }
        c.ask("switch-broker none - " + end);
    }

    /** Level 17 is an hour in even turns and a second in odd ones, level 18 the other way round: what waits in a turn is due in the next. */
    static String delayLevels(int turn) {
        String last = turn % 2 == 0 ? "1h,1s" : "1s,1h";
        return "messageDelayLevel=" + "1s,".repeat(16) + last;
    }
}
