package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.WasmEngine;
import dev.cloister.isolate.wasi.WasiPreview1;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `inspect`: what a module is, needs and offers.
@Command(
    name = "inspect",
    description =
        "Shows types, imports, exports, features, ABI, sizes and capabilities of a module.")
final class InspectCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final FeaturesOption featuresOption = new FeaturesOption();

  @Option(names = "--json", description = "Prints JSON with stable member names.")
  private boolean isJson;

  @Parameters(paramLabel = "MODULE", description = "The module.")
  private Path file = Path.of("");

  InspectCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws JsonProcessingException {
    EngineConfig config =
        EngineConfig.defaults().withFeatures(featuresOption.applyTo(FeaturesOption.VALID));
    byte[] wireBytes = ModuleFile.read(file);
    ModuleReport report;
    try (WasmEngine engine = new WasmEngine(config)) {
      report = ModuleReport.of(engine.validate(wireBytes));
    }
    terminal.out().print(isJson ? json(report) : text(report));
    return ExitCode.OK;
  }

  private static String json(ModuleReport report) throws JsonProcessingException {
    return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report)
        + System.lineSeparator();
  }

  private static String text(ModuleReport report) {
    ModuleReport.Sizes sizes = report.sizes();
    StringBuilder text = new StringBuilder();
    line(text, "name", report.name() == null ? "(none)" : report.name());
    line(text, "sha256", report.sha256());
    line(text, "abi", report.abi());
    line(text, "features", orNone(report.features()));
    if (!report.missingFeatures().isEmpty()) {
      line(text, "missing", String.join(", ", report.missingFeatures()) + " (cannot run here)");
    }
    line(
        text,
        "sizes",
        "%d bytes: code %d, data %d, custom sections %d; metadata %d bytes"
            .formatted(
                sizes.wireBytes(),
                sizes.codeBytes(),
                sizes.dataBytes(),
                sizes.customBytes(),
                sizes.metadataBytes()));
    line(
        text,
        "items",
        "functions %d, tables %d, memories %d, globals %d, tags %d"
            .formatted(
                sizes.functions(),
                sizes.tables(),
                sizes.memories(),
                sizes.globals(),
                sizes.tags()));
    line(text, "custom", orNone(report.customSections()));
    for (ModuleReport.Hints hints : report.hints()) {
      line(
          text,
          "hints",
          "%s: %d for %d functions%s"
              .formatted(
                  hints.section(),
                  hints.hints(),
                  hints.functions(),
                  hints.ignored() == null ? "" : ", ignored: " + hints.ignored()));
    }
    heading(text, "types", report.types().size());
    for (ModuleReport.TypeEntry type : report.types()) {
      item(text, type.index() + " " + type.kind() + " " + type.type());
    }
    heading(text, "imports", report.imports().size());
    for (ModuleReport.ImportEntry declared : report.imports()) {
      item(
          text,
          declared.module() + " " + declared.name() + ": " + declared.type() + note(declared));
    }
    heading(text, "exports", report.exports().size());
    for (ModuleReport.ExportEntry export : report.exports()) {
      item(text, export.name() + ": " + export.type() + ", index " + export.index());
    }
    heading(text, "capabilities", report.capabilities().size());
    if (report.capabilities().isEmpty()) {
      item(text, "none: nothing that its tenant must be granted");
    }
    for (ModuleReport.CapabilityEntry capability : report.capabilities()) {
      String without =
          capability.isRequired() ? "calls are refused without" : "fails when it is used without";
      item(
          text,
          "%s (%s): %s"
              .formatted(capability.name(), without, String.join(", ", capability.imports())));
    }
    return text.toString();
  }

  private static String note(ModuleReport.ImportEntry declared) {
    if (!declared.provided()) {
      return " (nothing provides it)";
    }
    boolean isSocket =
        WasiPreview1.isModuleName(declared.module()) && declared.name().startsWith("sock_");
    return isSocket ? " (every call is refused)" : "";
  }

  private static String orNone(List<String> words) {
    return words.isEmpty() ? "(none)" : String.join(", ", words);
  }

  private static void line(StringBuilder text, String label, String value) {
    text.append("%-10s%s%n".formatted(label, PrintableText.of(value)));
  }

  private static void heading(StringBuilder text, String label, int count) {
    text.append("%s (%d)%n".formatted(label, count));
  }

  private static void item(StringBuilder text, String value) {
    text.append("  %s%n".formatted(PrintableText.of(value)));
  }
}
