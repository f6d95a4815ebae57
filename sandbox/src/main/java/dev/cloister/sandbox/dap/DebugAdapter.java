package dev.cloister.sandbox.dap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.engine.debug.Breakpoint;
import dev.cloister.engine.debug.CodeRange;
import dev.cloister.engine.debug.DebugEvents;
import dev.cloister.engine.debug.DebugModule;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.debug.PauseReason;
import dev.cloister.engine.debug.PausedFrame;
import dev.cloister.engine.debug.PausedGuest;
import dev.cloister.engine.debug.StepKind;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.sandbox.json.Json;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// One session of the Debug Adapter Protocol (1.70) over the debugger of one tenant.
///
/// The guests that pause are the protocol's threads. Its sources are the files that the debug
/// information of modules names and, where there is none, functions as text. An instruction is
/// `MODULE:OFFSET` by the number of the module and the offset in it, a memory `GUEST/MEMORY`.
/// Requests are handled on one thread at a time, which may block; guests tell of themselves on
/// their own threads.
public final class DebugAdapter implements DebugEvents, AutoCloseable {
  private static final int MAX_FRAMES = 1_000;
  private static final int MAX_MEMORY_BYTES = 1 << 20;
  private static final int ANY = Integer.MAX_VALUE;

  private final Debugger debugger;
  private final Client client;
  private final Sources sources;
  private final Breakpoints breakpoints;
  private final References references = new References();
  private final Variables variables = new Variables(references);

  /// The guests that this session lets go on: their going on is no news to it.
  private final Set<Integer> resumed = ConcurrentHashMap.newKeySet();

  private volatile boolean isAttached;
  private int lineBase = 1;
  private int columnBase = 1;

  /// What a session needs of its connection.
  public interface Client {
    /// Sends a message. Any thread; must not block.
    void send(ObjectNode message);

    /// Turns debugging of the tenant on, if it is off.
    void enter();

    /// Ends the connection, after what was sent.
    void end();
  }

  /// Begins a session.
  public DebugAdapter(Debugger debugger, Client client) {
    this.debugger = debugger;
    this.client = client;
    this.sources = new Sources(debugger);
    this.breakpoints = new Breakpoints(debugger, sources);
  }

  // Messages.

  /// Handles a message of the client. Never called by two threads at once; may block.
  public void handle(JsonNode message) {
    if (!message.path("type").asText().equals("request") || !message.path("seq").isInt()) {
      return; // Responses to requests that this side never makes, and what is no message at all.
    }
    String command = message.path("command").asText();
    ObjectNode response =
        Json.nodes()
            .objectNode()
            .put("type", "response")
            .put("request_seq", message.path("seq").intValue())
            .put("command", command);
    try {
      ObjectNode body = perform(command, new Arguments(message.path("arguments")));
      client.send(response.put("success", true).set("body", body));
      afterwards(command);
    } catch (RequestFailure
        | IllegalArgumentException
        | IllegalStateException
        | IndexOutOfBoundsException
        | LimitExceededException e) {
      String text = String.valueOf(e.getMessage());
      ObjectNode error = Json.nodes().objectNode();
      error.putObject("error").put("id", 1).put("format", text).put("showUser", true);
      client.send(response.put("success", false).put("message", text).set("body", error));
    }
  }

  private ObjectNode perform(String command, Arguments arguments) {
    return switch (command) {
      case "initialize" -> initialize(arguments);
      case "attach" -> attach(arguments);
      case "launch" ->
          throw new RequestFailure("calls of the tenant are debugged as they come: attach instead");
      case "configurationDone", "setExceptionBreakpoints", "cancel" -> nothing();
      case "setBreakpoints" -> breakpoints.setLines(arguments, lineBase);
      case "setFunctionBreakpoints" -> breakpoints.setFunctions(arguments);
      case "setInstructionBreakpoints" -> breakpoints.setInstructions(arguments);
      case "breakpointLocations" -> breakpoints.locations(arguments, lineBase);
      case "threads" -> threads();
      case "stackTrace" -> stackTrace(arguments);
      case "scopes" -> scopes(arguments);
      case "variables" -> listVariables(arguments);
      case "setVariable" -> setVariable(arguments);
      case "evaluate" -> evaluate(arguments);
      case "source" -> source(arguments);
      case "loadedSources" -> loadedSources();
      case "modules" -> modules();
      case "readMemory" -> readMemory(arguments);
      case "writeMemory" -> writeMemory(arguments);
      case "continue" -> goOn(arguments);
      case "next" -> step(arguments, StepKind.OVER);
      case "stepIn" -> step(arguments, StepKind.INTO);
      case "stepOut" -> step(arguments, StepKind.OUT);
      case "pause" -> pause();
      case "terminateThreads" -> terminate(arguments);
      case "disconnect" -> disconnect(arguments);
      default -> throw new RequestFailure("there is no request \"" + command + "\"");
    };
  }

  private void afterwards(String command) {
    switch (command) {
      case "attach" -> {
        event("initialized", nothing());
        // What paused before this session began.
        debugger.paused().forEach(this::paused);
      }
      case "disconnect" -> client.end();
      default -> {}
    }
  }

  private static ObjectNode nothing() {
    return Json.nodes().objectNode();
  }

  private void event(String name, ObjectNode body) {
    ObjectNode event = Json.nodes().objectNode().put("type", "event").put("event", name);
    client.send(event.set("body", body));
  }

  // The session.

  private ObjectNode initialize(Arguments arguments) {
    lineBase = isFrom1(arguments, "linesStartAt1") ? 1 : 0;
    columnBase = isFrom1(arguments, "columnsStartAt1") ? 1 : 0;
    ObjectNode capabilities = nothing();
    for (String name :
        List.of(
            "supportsConfigurationDoneRequest",
            "supportsFunctionBreakpoints",
            "supportsInstructionBreakpoints",
            "supportsBreakpointLocationsRequest",
            "supportsSetVariable",
            "supportsSteppingGranularity",
            "supportsLoadedSourcesRequest",
            "supportsModulesRequest",
            "supportsReadMemoryRequest",
            "supportsWriteMemoryRequest",
            "supportsTerminateThreadsRequest",
            "supportSuspendDebuggee")) {
      capabilities.put(name, true);
    }
    return capabilities;
  }

  private static boolean isFrom1(Arguments arguments, String name) {
    return !arguments.json().has(name) || arguments.flag(name);
  }

  private ObjectNode attach(Arguments arguments) {
    if (isAttached) {
      throw new RequestFailure("this session is attached already");
    }
    boolean pausesOnEntry = arguments.flag("stopOnEntry");
    client.enter();
    debugger.pauseOnEntry(pausesOnEntry);
    isAttached = true;
    debugger.addListener(this);
    return nothing();
  }

  private ObjectNode disconnect(Arguments arguments) {
    detach(arguments.flag("suspendDebuggee"));
    return nothing();
  }

  /// Ends the session: its breakpoints go, and guests go on.
  @Override
  public void close() {
    detach(/* keepsPaused= */ false);
  }

  private void detach(boolean keepsPaused) {
    if (!isAttached) {
      return;
    }
    isAttached = false;
    debugger.removeListener(this);
    breakpoints.removeAll();
    if (!keepsPaused) {
      for (PausedGuest guest : debugger.paused()) {
        resumeIfPaused(guest);
      }
    }
  }

  private static void resumeIfPaused(PausedGuest guest) {
    try {
      guest.resume();
    } catch (IllegalStateException _) {
      // It went on in between.
    }
  }

  // What guests do.

  @Override
  public void paused(PausedGuest guest) {
    ObjectNode body =
        nothing()
            .put("reason", reason(guest.reason()))
            .put("threadId", guest.id())
            .put("allThreadsStopped", false);
    ArrayNode hits = body.putArray("hitBreakpointIds");
    for (Breakpoint breakpoint : guest.breakpoints()) {
      breakpoints.idsOf(breakpoint).forEach(hits::add);
    }
    event("stopped", body);
  }

  private static String reason(PauseReason reason) {
    return switch (reason) {
      case BREAKPOINT -> "breakpoint";
      case STEP -> "step";
      case ENTRY -> "entry";
      case REQUEST -> "pause";
    };
  }

  @Override
  public void resumed(PausedGuest guest) {
    if (!resumed.remove(guest.id())) {
      event("continued", nothing().put("threadId", guest.id()).put("allThreadsContinued", false));
    }
  }

  @Override
  public void skipped() {
    ObjectNode body = nothing().put("category", "important");
    event("output", body.put("output", "a guest went on, since too many pause already\n"));
  }

  @Override
  public void ended() {
    isAttached = false;
    debugger.removeListener(this);
    event("terminated", nothing());
  }

  // Threads.

  private ObjectNode threads() {
    ObjectNode body = nothing();
    ArrayNode threads = body.putArray("threads");
    for (PausedGuest guest : debugger.paused()) {
      threads.addObject().put("id", guest.id()).put("name", "guest " + guest.id());
    }
    return body;
  }

  private PausedGuest guest(Arguments arguments) {
    int id = arguments.number("threadId", 0, ANY);
    @Nullable PausedGuest guest = debugger.pausedGuest(id);
    if (guest == null) {
      throw new RequestFailure("guest " + id + " does not pause");
    }
    return guest;
  }

  private ObjectNode goOn(Arguments arguments) {
    PausedGuest guest = guest(arguments);
    leave(guest, guest::resume);
    return nothing().put("allThreadsContinued", false);
  }

  private ObjectNode step(Arguments arguments, StepKind kind) {
    PausedGuest guest = guest(arguments);
    boolean isByInstruction = "instruction".equals(arguments.textOrNull("granularity"));
    if (isByInstruction || kind == StepKind.OUT) {
      leave(guest, () -> guest.step(kind));
    } else {
      List<CodeRange> line = sources.lineAround(guest.frame(0));
      leave(guest, () -> guest.step(kind, line));
    }
    return nothing();
  }

  private void leave(PausedGuest guest, Runnable action) {
    resumed.add(guest.id());
    references.forget(guest.id());
    try {
      action.run();
    } catch (IllegalStateException e) {
      resumed.remove(guest.id());
      throw e;
    }
  }

  private ObjectNode pause() {
    requireAttached();
    if (!debugger.requestPause()) {
      throw new RequestFailure("the tenant is not being debugged");
    }
    return nothing();
  }

  private ObjectNode terminate(Arguments arguments) {
    JsonNode ids = arguments.json().path("threadIds");
    Set<Integer> wanted = new HashSet<>();
    ids.forEach(id -> wanted.add(id.intValue()));
    for (PausedGuest guest : debugger.paused()) {
      if (wanted.contains(guest.id())) {
        guest.terminate();
      }
    }
    return nothing();
  }

  private void requireAttached() {
    if (!isAttached) {
      throw new RequestFailure("this session is not attached");
    }
  }

  // Frames and what they have.

  private ObjectNode stackTrace(Arguments arguments) {
    PausedGuest guest = guest(arguments);
    int start = arguments.number("startFrame", 0, ANY, 0);
    int levels = arguments.number("levels", 0, ANY, 0);
    int most = levels == 0 ? MAX_FRAMES : Math.min(levels, MAX_FRAMES);
    ObjectNode body = nothing().put("totalFrames", guest.frameCount());
    ArrayNode frames = body.putArray("stackFrames");
    for (PausedFrame frame : guest.frames(start, most)) {
      Sources.Place place = sources.place(frame);
      @Nullable String name = frame.functionName();
      frames
          .addObject()
          .put("id", references.of(frame))
          .put("name", name == null ? "func[" + frame.functionIndex() + "]" : name)
          .put("line", place.line() - 1 + lineBase)
          .put("column", place.column() - 1 + columnBase)
          .put("moduleId", frame.module().id())
          .put("instructionPointerReference", frame.module().id() + ":" + frame.offset())
          .set("source", place.source());
    }
    return body;
  }

  private ObjectNode scopes(Arguments arguments) {
    PausedFrame frame = references.frame(arguments.number("frameId", 1, ANY));
    return nothing().set("scopes", variables.scopes(frame));
  }

  private ObjectNode listVariables(Arguments arguments) {
    References.Holder holder = references.holder(arguments.number("variablesReference", 1, ANY));
    int start = arguments.number("start", 0, ANY, 0);
    int count = arguments.number("count", 0, ANY, 0);
    return nothing().set("variables", variables.list(holder, start, count));
  }

  private ObjectNode setVariable(Arguments arguments) {
    References.Holder holder = references.holder(arguments.number("variablesReference", 1, ANY));
    return nothing()
        .put("value", variables.set(holder, arguments.text("name"), arguments.text("value")));
  }

  private ObjectNode evaluate(Arguments arguments) {
    PausedFrame frame = references.frame(arguments.number("frameId", 1, ANY));
    return variables.evaluate(frame, arguments.text("expression").strip());
  }

  // Sources and modules.

  private ObjectNode source(Arguments arguments) {
    int reference = arguments.object("source").number("sourceReference", 0, ANY, 0);
    int wanted = reference > 0 ? reference : arguments.number("sourceReference", 1, ANY);
    return nothing().put("content", sources.text(wanted).text()).put("mimeType", "text/x-wat");
  }

  private ObjectNode loadedSources() {
    ObjectNode body = nothing();
    body.putArray("sources").addAll(sources.all());
    return body;
  }

  private ObjectNode modules() {
    ObjectNode body = nothing();
    ArrayNode modules = body.putArray("modules");
    for (DebugModule module : debugger.modules()) {
      @Nullable String name = module.module().name();
      modules
          .addObject()
          .put("id", module.id())
          .put("name", name == null ? module.scriptUrl() : name)
          .put("path", module.scriptUrl())
          .put("symbolStatus", module.hasSources() ? "line table" : "none")
          .put("version", "sha256:" + module.hash().hex());
    }
    return body.put("totalModules", modules.size());
  }

  // Memory.

  private ObjectNode readMemory(Arguments arguments) {
    MemoryPlace place = memory(arguments);
    int count = arguments.number("count", 0, MAX_MEMORY_BYTES);
    long size = place.frame.memorySizeBytes(place.memory);
    long available = Math.max(0, Math.min(count, size - place.address));
    ObjectNode body =
        nothing()
            .put("address", "0x" + Long.toHexString(place.address))
            .put("unreadableBytes", count - available);
    if (available > 0) {
      byte[] bytes = place.frame.readMemory(place.memory, place.address, (int) available);
      body.put("data", Base64.getEncoder().encodeToString(bytes));
    }
    return body;
  }

  private ObjectNode writeMemory(Arguments arguments) {
    MemoryPlace place = memory(arguments);
    byte[] bytes = Base64.getDecoder().decode(arguments.text("data"));
    place.frame.writeMemory(place.memory, place.address, bytes);
    return nothing().put("bytesWritten", bytes.length);
  }

  private record MemoryPlace(PausedFrame frame, int memory, long address) {}

  private MemoryPlace memory(Arguments arguments) {
    String reference = arguments.text("memoryReference");
    int slash = reference.indexOf('/');
    try {
      int id = Integer.parseInt(reference.substring(0, Math.max(slash, 0)));
      int memory = Integer.parseInt(reference.substring(slash + 1));
      long address = arguments.json().path("offset").asLong(0);
      @Nullable PausedGuest guest = debugger.pausedGuest(id);
      if (guest != null && memory >= 0 && address >= 0) {
        return new MemoryPlace(guest.frame(0), memory, address);
      }
    } catch (NumberFormatException _) {
      // Falls through: it names no memory.
    }
    throw new RequestFailure(
        "\"memoryReference\" must be GUEST/MEMORY of a guest that pauses, it is " + reference);
  }
}
