package interop;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One request by hand, for what a stock client refuses to send. */
record RawFrame(int code, String remark) {
    private static final Pattern CODE = Pattern.compile("\"code\":(-?\\d+)");
    private static final Pattern REMARK = Pattern.compile("\"remark\":\"((?:[^\"\\\\]|\\\\.)*)\"");

    /** Sends a request with a JSON header to `host:port` and returns code and remark of the answer. */
    static RawFrame call(String address, int code, Map<String, String> fields, byte[] body) throws IOException {
        StringBuilder ext = new StringBuilder();
        fields.forEach((key, value) -> ext.append(ext.isEmpty() ? "" : ",")
                .append('"').append(key).append("\":\"").append(value).append('"'));
        String text = "{\"code\":" + code + ",\"extFields\":{" + ext + "},\"flag\":0,\"language\":\"JAVA\","
                + "\"opaque\":7,\"serializeTypeCurrentRPC\":\"JSON\",\"version\":479}";
        byte[] header = text.getBytes(StandardCharsets.UTF_8);
        String[] place = address.split(":");
        try (Socket socket = new Socket(place[0], Integer.parseInt(place[1]))) {
            socket.setSoTimeout(30_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            ByteBuffer frame = ByteBuffer.allocate(8 + header.length + body.length);
            frame.putInt(4 + header.length + body.length).putInt(header.length).put(header).put(body);
            out.write(frame.array());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] rest = new byte[in.readInt()];
            in.readFully(rest);
            int length = ByteBuffer.wrap(rest).getInt() & 0xFFFFFF;
            return parse(new String(rest, 4, length, StandardCharsets.UTF_8));
        }
    }

    private static RawFrame parse(String header) throws IOException {
        Matcher code = CODE.matcher(header);
        if (!code.find()) {
            throw new IOException("no code in " + header);
        }
        Matcher remark = REMARK.matcher(header);
        return new RawFrame(Integer.parseInt(code.group(1)), remark.find() ? remark.group(1) : "");
    }
}
