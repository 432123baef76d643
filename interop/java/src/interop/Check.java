package interop;

import java.util.Objects;

/** Assertions that name what they compare. */
final class Check {
    private static final long WAIT_SECONDS = 60;

    private Check() {}

    /** A fact that can be asked again and again. */
    interface Fact {
        boolean holds() throws Exception;
    }

    /** Something that should be refused. */
    interface Attempt {
        void run() throws Exception;
    }

    static void equal(String what, Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError(what + ": expected " + expected + ", got " + actual);
        }
    }

    static void isTrue(String what, boolean fact) {
        if (!fact) {
            throw new AssertionError(what);
        }
    }

    /** Waits until a fact holds. */
    static void eventually(String what, Fact fact) throws Exception {
        within(WAIT_SECONDS, what, fact);
    }

    /** Waits for something of which it is known that it may take longer than {@link #eventually} waits. */
    static void within(long seconds, String what, Fact fact) throws Exception {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (!fact.holds()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + seconds + " s: " + what);
            }
            Thread.sleep(20);
        }
    }

    /** Runs something that must fail with the given exception, and returns that exception. */
    static <E extends Exception> E refused(String what, Class<E> type, Attempt attempt) throws Exception {
        try {
            attempt.run();
        } catch (Exception error) {
            if (type.isInstance(error)) {
                return type.cast(error);
            }
            throw new AssertionError(what + ": expected " + type.getSimpleName() + ", got " + error, error);
        }
        throw new AssertionError(what + ": was accepted");
    }
}
