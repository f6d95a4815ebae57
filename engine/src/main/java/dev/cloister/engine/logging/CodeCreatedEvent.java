package dev.cloister.engine.logging;

import dev.cloister.engine.error.SourcePosition;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// [CodeCreated] for flight recordings.
@Name("cloister.CodeCreated")
@Label("Code Created")
@Category({"Cloister", "Engine"})
@Description("Code that an isolate can run, of isolates whose code log is on")
@StackTrace(false)
final class CodeCreatedEvent extends Event {
  @Label("Isolate")
  String isolate = "";

  @Label("Script")
  String script = "";

  @Label("Script Id")
  int scriptId;

  @Label("Function")
  int function;

  @Label("Function Name")
  String functionName = "";

  @Label("Tier")
  String tier = "";

  @Label("Size")
  @DataAmount
  int bytes;

  @Label("Offset")
  int offset;

  @Label("Source")
  String source = "";

  /// Records what is told of, if anybody records it.
  static void commit(CodeCreated created) {
    CodeCreatedEvent event = new CodeCreatedEvent();
    if (!event.isEnabled()) {
      return;
    }
    String name = created.functionName();
    SourcePosition source = created.source();
    event.isolate = created.isolate();
    event.script = created.scriptUrl();
    event.scriptId = created.scriptId();
    event.function = created.functionIndex();
    event.functionName = name == null ? "" : name;
    event.tier = created.tier();
    event.bytes = created.bytes();
    event.offset = created.offset();
    event.source = source == null ? "" : source.toString();
    event.commit();
  }
}
