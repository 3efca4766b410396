import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPOutputStream;

/** Asks the service at the first argument in the ways the JDK offers; a line for each: name, status, bytes, detail. */
public class JavaClient {
    interface Work {
        String run() throws Exception;
    }

    static final String SPEECH = "/v1/audio/speech";
    static final String BODY = "{\"model\":\"tts-1\",\"voice\":\"alloy\",\"input\":\"Hello there, %s.\"%s}";
    static String base;
    static String token;

    public static void main(String[] words) throws Exception {
        base = words[0];
        token = words[1];
        for (HttpClient.Version version : HttpClient.Version.values()) {
            for (boolean expecting : new boolean[] {false, true}) {
                asks(HttpClient.newBuilder().version(version).build(), expecting, version + (expecting ? " expecting" : ""));
            }
        }
        tell("url connection", () -> byConnection(false));
        tell("url connection in chunks", () -> byConnection(true));
    }

    static void asks(HttpClient client, boolean expecting, String way) {
        tell(way + ": whole", () -> told(client, post(SPEECH, text(way + " whole", ""), expecting)));
        tell(way + ": unknown length", () -> told(client, post(SPEECH, unsized(text(way + " unsized", "")), expecting)));
        tell(way + ": gzip", () -> {
            HttpRequest.Builder packed = builder(SPEECH, expecting).header("Content-Encoding", "gzip");
            return told(client, packed.POST(BodyPublishers.ofByteArray(gzip(text(way + " gzip", "")))).build());
        });
        tell(way + ": read as it comes", () -> {
            HttpRequest request = post(SPEECH, text(way + " streamed", ",\"response_format\":\"wav\""), expecting);
            HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
            try (InputStream body = answer.body()) {
                return line(answer, body.readAllBytes().length);
            }
        });
        tell(way + ": events", () -> {
            HttpRequest request = post(SPEECH, text(way + " events", ",\"stream_format\":\"sse\""), expecting);
            HttpResponse<java.util.stream.Stream<String>> answer = client.send(request, BodyHandlers.ofLines());
            List<String> lines = answer.body().filter(one -> !one.isEmpty()).toList();
            return line(answer, lines.size()) + " " + lines.get(lines.size() - 1).contains("speech.audio.done");
        });
        tell(way + ": refused", () -> told(client, post(SPEECH, "{\"model\":\"tts-1\"}", expecting)));
        tell(way + ": too large", () -> told(client, post(SPEECH, text("a".repeat(300_000), ""), expecting)));
        tell(way + ": after that", () -> told(client, post(SPEECH, text(way + " after", ""), expecting)));
        tell(way + ": elevenlabs", () ->
            told(client, post("/v1/text-to-speech/alloy", "{\"text\":\"Hello " + way + "\"}", expecting)));
        tell(way + ": google", () -> told(client, post("/v1/text:synthesize",
            "{\"input\":{\"text\":\"Hello " + way + "\"},\"voice\":{\"languageCode\":\"en-US\"},"
            + "\"audioConfig\":{\"audioEncoding\":\"MP3\"}}", expecting)));
        tell(way + ": native", () -> told(client, post("/api/v1/audio/synthesize",
            "{\"text\":\"Hello " + way + "\",\"character_key\":\"pip_boy\"}", expecting)));
        tell(way + ": steered", () -> told(client, builder("/api/v1/rollout", expecting)
            .header("Authorization", "Bearer " + token)
            .method("PATCH", BodyPublishers.ofString("{\"share_percent\":0}")).build()));
        tell(way + ": listed", () -> told(client, HttpRequest.newBuilder(URI.create(base + "/v1/models")).build()));
        tell(way + ": twelve at once", () -> atOnce(client, way, expecting));
    }

    static String atOnce(HttpClient client, String way, boolean expecting) throws Exception {
        List<CompletableFuture<HttpResponse<byte[]>>> asked = new ArrayList<>();
        for (int number = 0; number < 12; number++) {
            HttpRequest request = post(SPEECH, text(way + " at once " + number, ""), expecting);
            asked.add(client.sendAsync(request, BodyHandlers.ofByteArray()));
        }
        int served = 0;
        int least = Integer.MAX_VALUE;
        for (CompletableFuture<HttpResponse<byte[]>> one : asked) {
            HttpResponse<byte[]> answer = one.get();
            served += answer.statusCode() == 200 ? 1 : 0;
            least = Math.min(least, answer.body().length);
        }
        return (served == 12 ? 200 : served) + " " + least;
    }

    static String byConnection(boolean chunked) throws Exception {
        HttpURLConnection asked = (HttpURLConnection) URI.create(base + SPEECH).toURL().openConnection();
        asked.setRequestMethod("POST");
        asked.setRequestProperty("Content-Type", "application/json");
        asked.setDoOutput(true);
        if (chunked) {
            asked.setChunkedStreamingMode(16);
        }
        asked.getOutputStream().write(text("connection " + chunked, "").getBytes(StandardCharsets.UTF_8));
        return asked.getResponseCode() + " " + asked.getInputStream().readAllBytes().length;
    }

    static String text(String name, String more) {
        return String.format(BODY, name, more);
    }

    static HttpRequest.Builder builder(String path, boolean expecting) {
        return HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json").expectContinue(expecting);
    }

    static HttpRequest post(String path, String body, boolean expecting) {
        return post(path, BodyPublishers.ofString(body), expecting);
    }

    static HttpRequest post(String path, BodyPublisher body, boolean expecting) {
        return builder(path, expecting).POST(body).build();
    }

    static BodyPublisher unsized(String body) {
        return BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)));
    }

    static byte[] gzip(String body) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream into = new GZIPOutputStream(packed)) {
            into.write(body.getBytes(StandardCharsets.UTF_8));
        }
        return packed.toByteArray();
    }

    static String told(HttpClient client, HttpRequest request) throws Exception {
        HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
        return line(answer, answer.body().length);
    }

    static String line(HttpResponse<?> answer, int size) {
        return answer.statusCode() + " " + size + " " + answer.version();
    }

    static void tell(String name, Work work) {
        String found;
        try {
            found = work.run();
        } catch (Exception error) {
            found = "failed " + error;
        }
        System.out.println(name + "\t" + found);
    }
}
