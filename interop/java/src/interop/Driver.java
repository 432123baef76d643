package interop;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** The line protocol with the driver (described in harness/suite.py). */
final class Driver {
    private static final int LONGEST_REASON = 1000;

    private final PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    synchronized void plan(List<String> cases) {
        out.println("@plan " + String.join(" ", cases));
    }

    synchronized void event(String caseName, String text) {
        out.println(caseName + ": " + text.replace('\n', ' '));
    }

    synchronized void trace(String caseName, Throwable error) {
        StackTraceElement[] stack = error.getStackTrace();
        for (int i = 0; i < Math.min(stack.length, 12); i++) {
            out.println(caseName + ":   at " + stack[i]);
        }
    }

    synchronized void result(String caseName, double seconds, String failure) {
        String took = String.format(Locale.ROOT, "%.1f", seconds);
        if (failure == null) {
            out.println("@pass " + caseName + " " + took);
        } else {
            String reason = failure.length() > LONGEST_REASON ? failure.substring(0, LONGEST_REASON) + "..." : failure;
            out.println("@fail " + caseName + " " + took + " " + reason.replace('\n', ' '));
        }
    }

    /** Asks the driver to do something to the server, and returns when it is done. */
    synchronized void ask(String request) throws IOException {
        out.println("@ask " + request);
        String answer = in.readLine();
        if (!"done".equals(answer)) {
            throw new IOException("driver: " + request + ": " + answer);
        }
    }
}
