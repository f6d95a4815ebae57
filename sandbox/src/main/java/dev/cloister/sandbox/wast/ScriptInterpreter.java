package dev.cloister.sandbox.wast;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.Table;
import dev.cloister.engine.types.ExternType;
import dev.cloister.sandbox.wast.ScriptCommand.Action;
import dev.cloister.sandbox.wast.ScriptCommand.ModuleFile;
import dev.cloister.sandbox.wast.ScriptCommand.StateOf;
import dev.cloister.sandbox.wast.ScriptCommand.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Executes the commands of one script thread and judges each of them. Holds what the commands
/// build up: names, the registry, the current instance. Confined to its thread.
final class ScriptInterpreter {
  private static final String TEXT_FORMAT = "text format";
  private static final String CUSTOM_SECTION = "the content of custom sections never decides";

  /// What all threads of one run of a script share.
  ///
  /// @param strictText whether the texts of refused modules are judged, not only the kind of fault
  record Surroundings(
      Script script,
      ScriptModules modules,
      Conflicts conflicts,
      CommandDeadline deadline,
      boolean strictText) {}

  private final Surroundings surroundings;
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final Spectest spectest = new Spectest();
  private final FuzzingSupport fuzzing = new FuzzingSupport();
  private final Map<String, Instance> registry = new HashMap<>();
  private final Map<String, Instance> instances = new HashMap<>();
  private final Map<String, ModuleHandle> definitions = new HashMap<>();
  private final Map<String, ScriptThread> threads = new HashMap<>();
  private final List<ScriptThread> startedThreads = new ArrayList<>();
  private @Nullable Instance current;
  private @Nullable ModuleHandle lastDefinition;

  ScriptInterpreter(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /// Makes an instance of another thread visible under a name.
  void share(String name, Instance instance) {
    instances.put(name, instance);
  }

  /// Executes commands in order; the results of the threads they started follow.
  List<CommandResult> execute(List<ScriptCommand> commands) {
    List<CommandResult> results = new ArrayList<>(commands.size());
    for (ScriptCommand command : commands) {
      results.add(
          new CommandResult(
              surroundings.script().file(), command.line(), command.type(), execute(command)));
    }
    for (ScriptThread thread : startedThreads) {
      results.addAll(thread.await());
    }
    store.close();
    spectest.close();
    return results;
  }

  private Verdict execute(ScriptCommand command) {
    String conflict =
        surroundings
            .conflicts()
            .reason(surroundings.script().file(), command.line(), command.type());
    if (conflict != null) {
      return new Verdict.Skipped(conflict);
    }
    fuzzing.clearLog();
    try (var _ = surroundings.deadline().watch(store)) {
      Verdict verdict = perform(command.step());
      return verdict instanceof Verdict.Passed && command.log() != null
          ? judgeLog(command.log())
          : verdict;
    } catch (Throwable fault) {
      // Whatever a broken engine throws, a VerifyError for instance, is the verdict on a command.
      return new Verdict.Failed(expectation(command.step()), ActionOutcome.describe(fault));
    }
  }

  private Verdict perform(Step step) {
    return switch (step) {
      case Step.Module module -> module(module);
      case Step.ModuleDefinition definition -> define(definition);
      case Step.ModuleInstance instance -> instantiate(instance);
      case Step.Register register -> {
        registry.put(register.as(), instance(register.instance()));
        yield Verdict.Passed.PASSED;
      }
      case Step.Perform perform ->
          switch (perform(perform.action())) {
            case ActionOutcome.Returned _ -> Verdict.Passed.PASSED;
            case ActionOutcome other -> failed("no failure", other);
          };
      case Step.AssertReturn assertion -> judgeResults(assertion);
      case Step.AssertTrap assertion -> judgeTrap(perform(assertion.action()), assertion.text());
      case Step.AssertExhaustion assertion ->
          switch (perform(assertion.action())) {
            case ActionOutcome.Trapped(TrapException trap)
                when trap.reason() == TrapReason.CALL_STACK_EXHAUSTED ->
                Verdict.Passed.PASSED;
            case ActionOutcome other -> failed("trap '" + assertion.text() + "'", other);
          };
      case Step.AssertException assertion ->
          switch (perform(assertion.action())) {
            case ActionOutcome.Threw _ -> Verdict.Passed.PASSED;
            case ActionOutcome other -> failed("an uncaught exception", other);
          };
      case Step.AssertSuspension assertion ->
          failed("suspension '" + assertion.text() + "'", perform(assertion.action()));
      case Step.AssertInvalid assertion ->
          refuse(assertion.module(), InvalidModuleException.class, assertion.text());
      case Step.AssertMalformed assertion ->
          refuse(assertion.module(), MalformedException.class, assertion.text());
      case Step.AssertCustom assertion ->
          new Verdict.Skipped(assertion.module().isText() ? TEXT_FORMAT : CUSTOM_SECTION);
      case Step.AssertUnlinkable assertion -> unlinkable(assertion);
      case Step.AssertUninstantiable assertion -> uninstantiable(assertion);
      case Step.AssertState assertion -> judgeState(assertion.states());
      case Step.StartThread thread -> start(thread);
      case Step.AwaitThread thread -> {
        ScriptThread awaited = threads.get(thread.thread());
        if (awaited == null) {
          throw new ScriptException("unknown thread " + thread.thread());
        }
        awaited.await();
        yield Verdict.Passed.PASSED;
      }
      case Step.Unknown _ -> throw new ScriptException("unknown command");
    };
  }

  private static String expectation(Step step) {
    return switch (step) {
      case Step.Module _, Step.ModuleInstance _ -> "an instance";
      case Step.ModuleDefinition _ -> "a valid module";
      case Step.AssertInvalid assertion -> "invalid '" + assertion.text() + "'";
      case Step.AssertMalformed assertion -> "malformed '" + assertion.text() + "'";
      case Step.AssertUnlinkable assertion -> "unlinkable '" + assertion.text() + "'";
      case Step.AssertUninstantiable assertion -> "trap '" + assertion.text() + "'";
      case Step.AssertTrap assertion -> "trap '" + assertion.text() + "'";
      case Step.AssertExhaustion assertion -> "trap '" + assertion.text() + "'";
      case Step.AssertSuspension assertion -> "suspension '" + assertion.text() + "'";
      case Step.AssertException _ -> "an uncaught exception";
      case Step.AssertReturn assertion -> assertion.expected().toString();
      case Step.Register _,
          Step.Perform _,
          Step.AssertCustom _,
          Step.AssertState _,
          Step.StartThread _,
          Step.AwaitThread _,
          Step.Unknown _ ->
          "no failure";
    };
  }

  private Verdict module(Step.Module step) {
    current = null;
    if (step.module().isText()) {
      return new Verdict.Skipped(TEXT_FORMAT);
    }
    ModuleHandle handle = compile(step.module());
    remember(step.name(), handle);
    enter(step.name(), instantiate(handle));
    return Verdict.Passed.PASSED;
  }

  private Verdict define(Step.ModuleDefinition step) {
    if (step.module().isText()) {
      return new Verdict.Skipped(TEXT_FORMAT);
    }
    remember(step.name(), compile(step.module()));
    return Verdict.Passed.PASSED;
  }

  private Verdict instantiate(Step.ModuleInstance step) {
    current = null;
    ModuleHandle handle =
        step.definition() == null ? lastDefinition : definitions.get(step.definition());
    if (handle == null) {
      throw new ScriptException("unknown definition " + step.definition());
    }
    enter(step.instance(), instantiate(handle));
    return Verdict.Passed.PASSED;
  }

  private void remember(@Nullable String name, ModuleHandle handle) {
    lastDefinition = handle;
    if (name != null) {
      definitions.put(name, handle);
    }
  }

  private void enter(@Nullable String name, Instance instance) {
    current = instance;
    if (name != null) {
      instances.put(name, instance);
    }
  }

  private ModuleHandle compile(ModuleFile module) {
    return surroundings.modules().compile(surroundings.script().moduleFile(module.filename()));
  }

  private Instance instantiate(ModuleHandle handle) {
    return handle.instantiate(store, this::resolve);
  }

  private @Nullable Extern resolve(String module, String name, ExternType type) {
    Instance registered = registry.get(module);
    if (registered != null) {
      return registered.export(name);
    }
    return module.equals(Spectest.NAME)
        ? spectest.export(name)
        : fuzzing.resolve(module, name, type);
  }

  private Verdict refuse(
      ModuleFile module, Class<? extends ModuleException> kind, String expectedText) {
    if (module.isText()) {
      return new Verdict.Skipped(TEXT_FORMAT);
    }
    String expected =
        (kind == MalformedException.class ? "malformed '" : "invalid '") + expectedText + "'";
    try {
      surroundings.modules().validate(surroundings.script().moduleFile(module.filename()));
    } catch (ModuleException refusal) {
      boolean isExpected =
          kind.isInstance(refusal)
              && (!surroundings.strictText() || refusal.text().startsWith(expectedText));
      return isExpected
          ? Verdict.Passed.PASSED
          : new Verdict.Failed(expected, ActionOutcome.describe(refusal));
    }
    return new Verdict.Failed(expected, "a valid module");
  }

  private Verdict unlinkable(Step.AssertUnlinkable step) {
    String expected = "unlinkable '" + step.text() + "'";
    ModuleHandle handle = compile(step.module());
    try {
      instantiate(handle);
    } catch (LinkException refusal) {
      return isPrefix(step.text(), refusal)
          ? Verdict.Passed.PASSED
          : new Verdict.Failed(expected, ActionOutcome.describe(refusal));
    }
    return new Verdict.Failed(expected, "an instance");
  }

  private Verdict uninstantiable(Step.AssertUninstantiable step) {
    ModuleHandle handle = compile(step.module());
    try {
      instantiate(handle);
    } catch (TrapException trap) {
      return judgeTrap(new ActionOutcome.Trapped(trap), step.text());
    }
    return new Verdict.Failed("trap '" + step.text() + "'", "an instance");
  }

  private ActionOutcome perform(Action action) {
    Instance instance = instance(action.module());
    return switch (action) {
      case Action.Invoke invoke -> invoke(instance, invoke);
      case Action.Get get ->
          instance.export(get.field()) instanceof Global global
              ? new ActionOutcome.Returned(Arrays.asList(global.value()))
              : new ActionOutcome.Failed("no exported global '" + get.field() + "'");
    };
  }

  private ActionOutcome invoke(Instance instance, Action.Invoke invoke) {
    if (!(instance.export(invoke.field()) instanceof FuncRef function)) {
      return new ActionOutcome.Failed("no exported function '" + invoke.field() + "'");
    }
    @Nullable Object[] arguments = invoke.arguments().stream().map(ScriptValue::toGuest).toArray();
    try {
      if (instance.export("hangLimitInitializer") instanceof FuncRef initializer) {
        initializer.call();
        fuzzing.clearLog();
      }
      return new ActionOutcome.Returned(Arrays.asList(function.call(arguments)));
    } catch (WasmException end) {
      return ActionOutcome.of(end);
    }
  }

  private Instance instance(@Nullable String name) {
    Instance instance = name == null ? current : instances.get(name);
    if (instance == null) {
      throw new ScriptException(name == null ? "no current instance" : "unknown instance " + name);
    }
    return instance;
  }

  private Verdict judgeResults(Step.AssertReturn step) {
    ActionOutcome outcome = perform(step.action());
    return outcome instanceof ActionOutcome.Returned(List<@Nullable Object> values)
            && matches(step.expected(), values)
        ? Verdict.Passed.PASSED
        : failed(describe(step.expected()), outcome);
  }

  private Verdict judgeTrap(ActionOutcome outcome, String text) {
    return outcome instanceof ActionOutcome.Trapped(TrapException trap)
            && (surroundings.script().isRecorded() || isPrefix(text, trap))
        ? Verdict.Passed.PASSED
        : failed("trap '" + text + "'", outcome);
  }

  /// Whether the engine says what a script expects. Some scripts add the index of an element.
  private static boolean isPrefix(String text, WasmException fault) {
    String message = String.valueOf(fault.getMessage());
    return message.startsWith(text) || message.equals(text.replaceFirst(" [0-9]+$", ""));
  }

  private Verdict judgeLog(List<ScriptValue> expected) {
    List<@Nullable Object> log = fuzzing.log();
    return matches(expected, log)
        ? Verdict.Passed.PASSED
        : new Verdict.Failed("log of " + describe(expected), "log of " + ActualValue.describe(log));
  }

  private Verdict judgeState(List<StateOf> states) {
    Instance instance = instance(null);
    for (StateOf state : states) {
      Extern export = instance.export(state.export());
      String actual =
          switch (state) {
            case StateOf.OfMemory expected when export instanceof Memory memory -> {
              String sha256 = MemoryDigest.sha256(memory);
              yield memory.sizeBytes() == expected.sizeBytes() && sha256.equals(expected.sha256())
                  ? null
                  : memory.sizeBytes() + " bytes with SHA-256 " + sha256;
            }
            case StateOf.OfGlobal expected when export instanceof Global global ->
                expected.value().matches(global.value())
                    ? null
                    : ActualValue.describe(global.value());
            case StateOf.OfTable expected when export instanceof Table table ->
                table.size() == expected.length() ? null : table.size() + " elements";
            case StateOf _ -> "no such export";
          };
      if (actual != null) {
        return new Verdict.Failed(state.toString(), actual);
      }
    }
    return Verdict.Passed.PASSED;
  }

  private Verdict start(Step.StartThread step) {
    ScriptInterpreter interpreter = new ScriptInterpreter(surroundings);
    if (step.sharedModule() != null) {
      interpreter.share(step.sharedModule(), instance(step.sharedModule()));
    }
    ScriptThread thread = ScriptThread.start(step.name(), interpreter, step.commands());
    threads.put(step.name(), thread);
    startedThreads.add(thread);
    return Verdict.Passed.PASSED;
  }

  private static boolean matches(List<ScriptValue> expected, List<@Nullable Object> actual) {
    if (expected.size() != actual.size()) {
      return false;
    }
    for (int i = 0; i < expected.size(); i++) {
      if (!expected.get(i).matches(actual.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static String describe(List<ScriptValue> values) {
    return values.isEmpty()
        ? "nothing"
        : String.join(", ", values.stream().map(ScriptValue::toString).toList());
  }

  private static Verdict failed(String expected, ActionOutcome outcome) {
    return new Verdict.Failed(expected, outcome.toString());
  }
}
