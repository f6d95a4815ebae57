package dev.cloister.engine.codegen;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.GuestTree.Activation;
import dev.cloister.engine.codegen.GuestTree.Branch;
import dev.cloister.engine.codegen.GuestTree.Emission;
import dev.cloister.engine.codegen.GuestTree.Expression;
import dev.cloister.engine.codegen.GuestTree.Sequence;
import dev.cloister.engine.codegen.GuestTree.Statement;
import dev.cloister.engine.codegen.GuestTree.Target;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The statements of [GuestTree] that throw and catch exceptions, in both encodings.
final class GuestExceptions {
  /// The types of the values of each tag.
  static final List<List<NumType>> TAGS =
      List.of(List.of(I32), List.of(), List.of(I64, F64), List.of(F32, I32, I32, I64));

  private GuestExceptions() {}

  /// An exception on its way to its handler.
  static final class Thrown extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final int tag;
    final transient long[] values;

    Thrown(int tag, long[] values) {
      super(null, null, false, false);
      this.tag = tag;
      this.values = values;
    }
  }

  /// An exception on its way to a block, where it counts as thrown.
  static final class Delegated extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final Thrown thrown;
    final transient Target target;

    Delegated(Thrown thrown, Target target) {
      super(null, null, false, false);
      this.thrown = thrown;
      this.target = target;
    }

    /// Returns the exception if it arrives at `at`.
    Thrown arriveAt(Target at) {
      if (target != at) {
        throw this;
      }
      return thrown;
    }
  }

  record Throw(int tag, List<Expression> values) implements Statement {
    @Override
    public void emit(Emission to) {
      values.forEach(value -> value.emit(to));
      to.code.op(Opcode.THROW, tag);
    }

    @Override
    public void run(Activation in) {
      throw new Thrown(tag, values.stream().mapToLong(value -> value.eval(in)).toArray());
    }
  }

  /// A catch clause.
  ///
  /// @param tag what it catches, or -1 for everything
  /// @param hasReference whether it takes the exception, in the newer encoding
  /// @param locals where the values go
  /// @param throwsAgain whether it ends by throwing the exception again
  record Handler(
      int tag, boolean hasReference, List<Integer> locals, Sequence body, boolean throwsAgain) {
    List<NumType> types() {
      return tag < 0 ? List.of() : TAGS.get(tag);
    }

    void emitSets(CodeBuilder code) {
      for (int i = locals.size() - 1; i >= 0; i--) {
        code.localSet(locals.get(i));
      }
    }

    static @Nullable Handler of(List<Handler> handlers, Thrown thrown) {
      return handlers.stream()
          .filter(handler -> handler.tag < 0 || handler.tag == thrown.tag)
          .findFirst()
          .orElse(null);
    }

    void set(Activation in, Thrown thrown) {
      for (int i = locals.size() - 1; i >= 0; i--) {
        in.locals[locals.get(i)] = thrown.values[i];
      }
    }
  }

  /// A `try_table` whose clauses branch to code behind it.
  record TryTable(Target end, Target target, Sequence body, List<Handler> handlers)
      implements Statement {
    @Override
    public void emit(Emission to) {
      to.code.block();
      to.open(end);
      CodeBuilder.Catch[] clauses = new CodeBuilder.Catch[handlers.size()];
      for (int i = handlers.size() - 1; i >= 0; i--) {
        Handler handler = handlers.get(i);
        List<ValueType> results = new ArrayList<>(handler.types());
        if (handler.hasReference) {
          results.add(RefType.EXNREF);
        }
        to.code.start(Opcode.BLOCK, new FuncType(List.of(), results));
        to.open(new Target());
        int kind = (handler.tag < 0 ? 2 : 0) + (handler.hasReference ? 1 : 0);
        clauses[i] = new CodeBuilder.Catch(kind, handler.tag, i);
      }
      to.code.tryTable(FuncType.EMPTY, clauses);
      to.open(target);
      body.emit(to);
      to.close();
      to.code.br(to.label(end));
      for (Handler handler : handlers) {
        to.close();
        if (handler.hasReference) {
          to.code.op(handler.throwsAgain ? Opcode.THROW_REF : Opcode.DROP);
        }
        handler.emitSets(to.code);
        handler.body.emit(to);
        to.code.br(to.label(end));
      }
      to.close();
    }

    @Override
    public void run(Activation in) {
      try {
        Thrown thrown = runBody(in);
        if (thrown != null) {
          handle(in, thrown);
        }
      } catch (Branch branch) {
        if (branch.target != end) {
          throw branch;
        }
      }
    }

    private @Nullable Thrown runBody(Activation in) {
      try {
        body.run(in);
        return null;
      } catch (Branch branch) {
        if (branch.target != target) {
          throw branch;
        }
        return null;
      } catch (Thrown thrown) {
        return thrown;
      } catch (Delegated delegated) {
        return delegated.arriveAt(target);
      }
    }

    private void handle(Activation in, Thrown thrown) {
      Handler handler = Handler.of(handlers, thrown);
      if (handler == null || (handler.hasReference && handler.throwsAgain)) {
        throw thrown;
      }
      handler.set(in, thrown);
      handler.body.run(in);
    }
  }

  /// A `try` of the older encoding.
  record Try(Target target, Sequence body, List<Handler> handlers) implements Statement {
    @Override
    public void emit(Emission to) {
      to.code.start(Opcode.TRY);
      to.open(target);
      body.emit(to);
      for (Handler handler : handlers) {
        if (handler.tag < 0) {
          to.code.op(Opcode.CATCH_ALL);
        } else {
          to.code.op(Opcode.CATCH, handler.tag);
        }
        handler.emitSets(to.code);
        handler.body.emit(to);
        if (handler.throwsAgain) {
          to.code.op(Opcode.RETHROW, to.label(target));
        }
      }
      to.close();
    }

    @Override
    public void run(Activation in) {
      try {
        Thrown thrown = runBody(in);
        if (thrown != null) {
          handle(in, thrown);
        }
      } catch (Branch branch) {
        if (branch.target != target) {
          throw branch;
        }
      }
    }

    private @Nullable Thrown runBody(Activation in) {
      try {
        body.run(in);
        return null;
      } catch (Thrown thrown) {
        return thrown;
      } catch (Delegated delegated) {
        return delegated.arriveAt(target);
      }
    }

    private void handle(Activation in, Thrown thrown) {
      Handler handler = Handler.of(handlers, thrown);
      if (handler == null) {
        throw thrown;
      }
      handler.set(in, thrown);
      in.caught.put(target, thrown);
      try {
        handler.body.run(in);
      } catch (Delegated delegated) {
        throw delegated.arriveAt(target);
      }
      if (handler.throwsAgain) {
        throw thrown;
      }
    }
  }

  /// Throws again what a `try` around it has caught.
  record Rethrow(Target caught) implements Statement {
    @Override
    public void emit(Emission to) {
      to.code.op(Opcode.RETHROW, to.label(caught));
    }

    @Override
    public void run(Activation in) {
      Thrown thrown = in.caught.get(caught);
      if (thrown == null) {
        throw new AssertionError("nothing is caught");
      }
      throw thrown;
    }
  }

  /// A `try` that lets another block have its exceptions.
  record Delegate(Target target, Sequence body, Target outer) implements Statement {
    @Override
    public void emit(Emission to) {
      to.code.start(Opcode.TRY);
      to.open(target);
      body.emit(to);
      to.closeByDelegate(outer);
    }

    @Override
    public void run(Activation in) {
      try {
        body.run(in);
      } catch (Branch branch) {
        if (branch.target != target) {
          throw branch;
        }
      } catch (Thrown thrown) {
        throw new Delegated(thrown, outer);
      } catch (Delegated delegated) {
        throw new Delegated(delegated.arriveAt(target), outer);
      }
    }
  }
}
