import dev.cloister.isolate.embed.EmbeddedPlugin;
import dev.cloister.isolate.embed.PluginHost;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Calls a function of a plug-in: `java -cp … Embedding.java MODULE FUNCTION TEXT`.
public class Embedding {
  public static void main(String[] args) throws Exception {
    try (PluginHost host = PluginHost.create();
        EmbeddedPlugin plugin = host.load(Files.readAllBytes(Path.of(args[0])))) {
      byte[] answer = plugin.call(args[1], args[2].getBytes(StandardCharsets.UTF_8));
      System.out.println(new String(answer, StandardCharsets.UTF_8));
    }
  }
}
