package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs cases, a few at a time, each with a time limit, and reports every result to the driver. */
final class Runner {
    private static final long LIMIT_SECONDS = 180;
    /** Restarting Apache's broker cleanly takes half a minute by itself. */
    private static final long ALONE_LIMIT_SECONDS = 240;

    private final Options options;
    private final Driver driver = new Driver();
    private final ExecutorService bodies = Executors.newCachedThreadPool();

    Runner(Options options) {
        this.options = options;
    }

    /** True if every case passed. */
    boolean run(List<Case> cases) throws Exception {
        driver.plan(cases.stream().map(Case::name).toList());
        boolean good = true;
        try (Shared shared = new Shared(options)) {
            List<Future<Boolean>> together = new ArrayList<>();
            ExecutorService lanes = Executors.newFixedThreadPool(options.threads());
            for (Case one : cases) {
                if (one.mode() == Case.Mode.TOGETHER) {
                    together.add(lanes.submit(() -> runOne(one, shared, LIMIT_SECONDS)));
                }
            }
            for (Future<Boolean> result : together) {
                good &= result.get();
            }
            for (Case one : cases) {
                if (one.mode() != Case.Mode.TOGETHER) {
                    good &= runOne(one, shared, ALONE_LIMIT_SECONDS);
                }
            }
        }
        return good;
    }

    private boolean runOne(Case one, Shared shared, long limitSeconds) throws InterruptedException {
        long began = System.nanoTime();
        Context context = new Context(one.name(), options, driver, shared);
        Future<?> body = bodies.submit(() -> {
            one.body().run(context);
            return null;
        });
        String reason = null;
        try {
            body.get(limitSeconds, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            reason = "not finished within " + limitSeconds + " s";
            body.cancel(true);
        } catch (ExecutionException failed) {
            reason = failed.getCause().toString();
            driver.trace(one.name(), failed.getCause());
        }
        bodies.submit(context::close);
        driver.result(one.name(), (System.nanoTime() - began) / 1e9, reason);
        return reason == null;
    }
}
