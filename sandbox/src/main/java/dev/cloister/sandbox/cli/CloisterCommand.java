package dev.cloister.sandbox.cli;

import dev.cloister.engine.error.WasmException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/// The root command `cloister`: the list of all commands, and how each of them ends.
///
/// Only the command that is named is created; its siblings are not even loaded. All of them are
/// created when the root has to describe itself.
@Command(
    name = "cloister",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    description = "A multi-tenant WebAssembly plugin server, and its tools.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = CloisterCommand.Version.class,
    commandListHeading = "%nCommands:%n")
public final class CloisterCommand implements Runnable {
  /*
   * Lambdas, not constructor references: those load the class when the list is made.
   */

  /// Every command, in the order in which `--help` lists them.
  private static final List<Subcommand> SUBCOMMANDS =
      List.of(
          // Server.
          new Subcommand("serve", terminal -> new ServeCommand(terminal)),
          new Subcommand("config", terminal -> new ConfigCommand(terminal)),
          // Modules without a server.
          new Subcommand(
              "run", terminal -> new RunCommand(terminal), /* optionsEndAtOperand= */ true),
          new Subcommand("validate", terminal -> new ValidateCommand(terminal)),
          new Subcommand("inspect", terminal -> new InspectCommand(terminal)),
          new Subcommand("compile", terminal -> new CompileCommand(terminal)),
          // Conformance.
          new Subcommand("wast", terminal -> new WastCommand(terminal)),
          new Subcommand("replay", terminal -> new ReplayCommand(terminal)),
          // Clients of the HTTP API.
          new Subcommand("login", terminal -> new LoginCommand(terminal)),
          new Subcommand("tenant", terminal -> new TenantCommand(terminal)),
          new Subcommand("plugin", terminal -> new PluginCommand(terminal)),
          new Subcommand("call", terminal -> new CallCommand(terminal)),
          new Subcommand("logs", terminal -> new LogsCommand(terminal)),
          new Subcommand("engine", terminal -> new EngineCommand(terminal)));

  private CloisterCommand() {}

  /// Runs the command that `arguments` name.
  ///
  /// @return the exit code of the process
  public static int execute(Terminal terminal, String... arguments) {
    CommandLine commandLine = new CommandLine(new CloisterCommand());
    List<Subcommand> named =
        SUBCOMMANDS.stream()
            .filter(command -> arguments.length > 0 && command.name().equals(arguments[0]))
            .toList();
    for (Subcommand command : named.isEmpty() ? SUBCOMMANDS : named) {
      CommandLine subcommand = new CommandLine(command.factory().apply(terminal));
      subcommand.setStopAtPositional(command.optionsEndAtOperand());
      commandLine.addSubcommand(command.name(), subcommand);
    }
    PrintWriter out = writer(terminal.out());
    PrintWriter err = writer(terminal.err());
    try {
      return commandLine
          .setOut(out)
          .setErr(err)
          .setColorScheme(
              CommandLine.Help.defaultColorScheme(terminal.allowsColor() ? Ansi.AUTO : Ansi.OFF))
          .setParameterExceptionHandler(CloisterCommand::reportUsageError)
          .setExecutionExceptionHandler(CloisterCommand::reportFailure)
          .execute(arguments);
    } finally {
      out.flush();
      err.flush();
      terminal.out().flush();
      terminal.err().flush();
    }
  }

  /// Reached without a command: that is a usage error.
  @Override
  public void run() {
    throw CommandFailure.usage("missing command; there is --help");
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, stream.charset()), /* autoFlush= */ true);
  }

  private static int reportUsageError(ParameterException fault, String[] arguments) {
    CommandLine commandLine = fault.getCommandLine();
    PrintWriter err = commandLine.getErr();
    err.println("error: " + oneLine(fault));
    if (!CommandLine.UnmatchedArgumentException.printSuggestions(fault, err)) {
      err.println("Try '" + commandLine.getCommandSpec().qualifiedName() + " --help'.");
    }
    return ExitCode.USAGE;
  }

  private static int reportFailure(
      Exception fault, CommandLine commandLine, CommandLine.ParseResult parsed) {
    PrintWriter err = commandLine.getErr();
    return switch (fault) {
      case CommandFailure failure -> {
        err.println("error: " + oneLine(failure));
        yield failure.exitCode();
      }
      case WasmException refused -> {
        err.println("error: " + oneLine(refused));
        yield ExitCode.FAILED;
      }
      default -> {
        err.println("internal error: " + fault);
        fault.printStackTrace(err);
        yield ExitCode.FAILED;
      }
    };
  }

  private static String oneLine(Throwable fault) {
    return PrintableText.of(
        String.valueOf(fault.getMessage()).strip().replaceAll("\\s*\\R\\s*", " "));
  }

  /// One command of the list.
  ///
  /// @param name as the user types it
  /// @param factory makes the command object; called only when the command is needed
  /// @param optionsEndAtOperand whether everything behind the first operand belongs to a guest
  private record Subcommand(
      String name, Function<Terminal, Object> factory, boolean optionsEndAtOperand) {
    Subcommand(String name, Function<Terminal, Object> factory) {
      this(name, factory, /* optionsEndAtOperand= */ false);
    }
  }

  /// Tells the version of the packaged application.
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = CloisterCommand.class.getPackage().getImplementationVersion();
      return new String[] {"cloister " + (version == null ? "development" : version)};
    }
  }
}
