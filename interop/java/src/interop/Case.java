package interop;

/** One named expectation about the server. */
record Case(String name, Mode mode, Body body) {
    /** How a case may be run. */
    enum Mode {
        /** Beside other cases: it touches only topics and groups of its own. */
        TOGETHER,
        /** Alone, after all others: it restarts a server. */
        ALONE,
        /** Only with --slow, in a process whose clients keep every default interval. */
        SLOW
    }

    /** What the case does; it fails by throwing. */
    interface Body {
        void run(Context context) throws Exception;
    }

    static Case together(String name, Body body) {
        return new Case(name, Mode.TOGETHER, body);
    }

    static Case alone(String name, Body body) {
        return new Case(name, Mode.ALONE, body);
    }

    static Case slow(String name, Body body) {
        return new Case(name, Mode.SLOW, body);
    }
}
