package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.FunctionFacts;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.Checkpoint;
import java.util.List;

/// Decodes and validates function bodies in one pass, by the algorithm of the specification's
/// appendix (Spec A.3). Reused for all bodies of a module; confined to one thread; allocates
/// nothing per instruction.
public final class FunctionValidator {

  private static final long MAX_LOCALS = 0xFFFF_FFFFL;

  private final WasmModuleBuilder module;
  private final CodeState state;
  private final InstructionRules rules;

  /// Creates a validator for the functions of a module, which takes note of what the code generator
  /// must know about all functions before it compiles the first.
  public FunctionValidator(WasmModuleBuilder module, WasmFeatures features, WasmLimits limits) {
    this.module = module;
    state = new CodeState(module, features, limits);
    rules = new InstructionRules(state);
  }

  /// Sets what the validation of the bodies to come passes now and then, also within a body.
  public void use(Checkpoint checkpoint) {
    state.use(checkpoint);
  }

  /// Validates the code entry in `bytes[from, to)`, from its local declarations on, as the body of
  /// function `index`, and notes what the compiler must know of it.
  ///
  /// @param endOfBody what a missing `end` is called, depending on what follows the body
  /// @throws MalformedException if the body is not encoded well
  /// @throws InvalidModuleException if it is not valid
  /// @throws dev.cloister.engine.error.LimitExceededException if it exceeds an implementation limit
  /// @return the [FunctionFacts] about it
  public int validate(int index, byte[] bytes, int from, int to, String endOfBody) {
    state.clear();
    state.reader.reset(bytes, from, to);
    try {
      FuncType type = state.spaces.signature(index);
      declareLocals(type, from);
      state.controls.push(Opcode.BLOCK, List.of(), type.results());
      int facts = FunctionFacts.of(type) | validateInstructions(endOfBody);
      noteCalls(index, facts);
      return facts;
    } catch (MalformedException e) {
      throw new MalformedException(e.text() + ", in function " + index, e.offset());
    } catch (InvalidModuleException e) {
      throw new InvalidModuleException(e.text() + ", in function " + index, e.offset());
    }
  }

  private void noteCalls(int index, int facts) {
    if (state.makesTailCalls) {
      module.noteTailCalls(index, state.tailCallees);
    }
    boolean mayGrow = state.callsUnknown || (facts & FunctionFacts.GROWS_MEMORY) != 0;
    if (mayGrow || state.callees.size() > 0) {
      module.noteCalls(index, state.callees, mayGrow);
    }
  }

  private int validateInstructions(String endOfBody) {
    InstructionReader reader = state.reader;
    ControlStack controls = state.controls;
    int facts = 0;
    while (controls.depth() > 0) {
      if (reader.atEnd()) {
        throw new MalformedException(endOfBody, reader.position());
      }
      Opcode opcode = reader.next();
      state.work(1);
      rules.apply(opcode);
      facts |= FunctionFacts.of(opcode, reader, state.spaces);
    }
    if (!reader.atEnd()) {
      throw new MalformedException(
          "section size mismatch: function body has "
              + (reader.end() - reader.position())
              + " bytes after its end",
          reader.position());
    }
    return facts;
  }

  private void declareLocals(FuncType type, int from) {
    InstructionReader reader = state.reader;
    state.locals.addParams(type.params());
    long count = type.params().size();
    int groups = reader.readLocalGroups();
    for (int i = 0; Integer.compareUnsigned(i, groups) < 0; i++) {
      int size = reader.readLocalCount();
      count += Integer.toUnsignedLong(size);
      if (count > MAX_LOCALS) {
        throw new MalformedException("too many locals: " + count, reader.position());
      }
      ValueType local = reader.readLocalType();
      if (count <= WasmLimit.LOCALS.standard()) {
        state.locals.add(size, local);
      }
    }
    state.limits.check(WasmLimit.LOCALS, count, from);
  }
}
