package interop;

import java.util.ArrayList;
import java.util.List;

/** Entry point: runs the chosen cases against the given name server and reports in the driver's line protocol. */
public final class Main {
    private Main() {}

    public static void main(String[] words) {
        int code = 1;
        try {
            Options options = Options.parse(words);
            code = new Runner(options).run(chosen(options)) ? 0 : 1;
        } catch (Throwable error) {
            error.printStackTrace();
        } finally {
            // Threads of the clients are not daemons: without this the process never ends.
            System.exit(code);
        }
    }

    private static List<Case> chosen(Options options) {
        List<Case> all = new ArrayList<>();
        if (options.server().startsWith("stores-")) {
            all.addAll(options.cases().contains(StoreCases.GOLDEN.name()) ? List.of(StoreCases.GOLDEN) : StoreCases.ALL);
            return selected(all, options);
        }
        all.addAll(SendCases.ALL);
        all.addAll(BodyCases.ALL);
        all.addAll(TopicCases.ALL);
        all.addAll(AddressCases.ALL);
        all.addAll(ErrorCases.ALL);
        all.addAll(QueryCases.ALL);
        all.addAll(PushCases.ALL);
        all.addAll(FromWhereCases.ALL);
        all.addAll(OrderlyCases.ALL);
        all.addAll(GroupCases.ALL);
        all.addAll(RetryCases.ALL);
        all.addAll(DelayCases.ALL);
        all.addAll(PullCases.ALL);
        all.addAll(LitePullCases.ALL);
        all.addAll(RestartCases.ALL);
        all.addAll(SlowCases.ALL);
        return selected(all, options);
    }

    private static List<Case> selected(List<Case> all, Options options) {
        if (!options.cases().isEmpty()) {
            all.removeIf(one -> !options.cases().contains(one.name()));
        }
        all.removeIf(one -> (one.mode() == Case.Mode.SLOW) != options.slow());
        return all;
    }
}
