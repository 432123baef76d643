package interop;

import java.util.HashSet;
import java.util.Set;

/** Command line of the suite, written by the driver. */
record Options(String namesrv, String server, String layout, int threads, boolean slow, Set<String> cases) {
    static Options parse(String[] words) {
        String namesrv = null;
        String server = "apache";
        String layout = "split";
        int threads = 4;
        boolean slow = false;
        Set<String> cases = new HashSet<>();
        for (int i = 0; i < words.length; i++) {
            switch (words[i]) {
                case "--namesrv" -> namesrv = words[++i];
                case "--broker" -> i++; // Java clients learn it from the name server.
                case "--server" -> server = words[++i];
                case "--layout" -> layout = words[++i];
                case "--threads" -> threads = Integer.parseInt(words[++i]);
                case "--slow" -> slow = true;
                case "--case" -> cases.add(words[++i]);
                default -> throw new IllegalArgumentException("unknown option " + words[i]);
            }
        }
        if (namesrv == null) {
            throw new IllegalArgumentException("--namesrv is missing");
        }
        return new Options(namesrv, server, layout, threads, slow, cases);
    }

    /** Whether the server under test is Apache's own. */
    boolean apache() {
        return server.equals("apache");
    }

    /** Whether the name server is a process of its own, so that the broker outlives its restart. */
    boolean split() {
        return layout.equals("split");
    }
}
