package dev.cloister.engine.codegen;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What is live, at the marks that a body has: each `nop` is one. All locals are i32.
final class LocalLivenessTest {
  private static final int LOCALS = 4;
  private static final FuncType TYPE = new FuncType(Collections.nCopies(LOCALS, I32), List.of());

  private static final class Body {
    final int[] marks;
    private final @Nullable LocalLiveness liveness;

    Body(int localCount, Consumer<CodeBuilder> writer) {
      ModuleBuilder builder = new ModuleBuilder().tag(FuncType.EMPTY).function(TYPE, writer);
      WasmModule module =
          ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
      IntStream.Builder found = IntStream.builder();
      InstructionReader reader = Sites.instructions(module, 0);
      while (!reader.atEnd()) {
        int offset = reader.position();
        if (reader.next() == Opcode.NOP) {
          found.add(offset);
        }
      }
      marks = found.build().toArray();
      liveness = LocalLiveness.of(module, 0, localCount, marks);
    }

    Body(Consumer<CodeBuilder> writer) {
      this(LOCALS, writer);
    }

    BitSet before(int mark) {
      return Objects.requireNonNull(liveness).before(marks[mark]);
    }

    BitSet after(int from, int to) {
      return Objects.requireNonNull(liveness).after(marks[from], marks[to]);
    }
  }

  private static BitSet set(int... locals) {
    return IntStream.of(locals).collect(BitSet::new, BitSet::set, BitSet::or);
  }

  private static CodeBuilder mark(CodeBuilder code) {
    return code.op(Opcode.NOP);
  }

  private static void read(CodeBuilder code, int local) {
    code.localGet(local).drop();
  }

  private static void write(CodeBuilder code, int local) {
    code.i32Const(0).localSet(local);
  }

  @Test
  void straightCode_readBeforeWritten_isLive() {
    Body body =
        new Body(code -> {
          mark(code);
          read(code, 0);
          write(code, 1);
          read(code, 1);
          mark(code);
          code.i32Const(0).localTee(2).drop();
          read(code, 2);
        });
    assertThat(body.before(0)).isEqualTo(set(0));
    assertThat(body.before(1)).isEqualTo(set());
  }

  @Test
  void ifWithoutElse_mayBeSkipped() {
    Body body =
        new Body(code -> {
          mark(code);
          code.localGet(3).ifThen();
          write(code, 0);
          mark(code);
          code.end();
          read(code, 0);
        });
    assertThat(body.before(0)).isEqualTo(set(0, 3));
    assertThat(body.before(1)).isEqualTo(set(0));
  }

  @Test
  void ifElse_whereBothWrite_isNotLive() {
    Body body =
        new Body(code -> {
          mark(code);
          code.localGet(3).ifThen();
          write(code, 0);
          read(code, 1);
          code.otherwise();
          mark(code);
          read(code, 2);
          write(code, 0);
          code.end();
          read(code, 0);
        });
    assertThat(body.before(0)).isEqualTo(set(1, 2, 3));
    assertThat(body.before(1)).isEqualTo(set(2));
  }

  @Test
  void loop_whatTheNextTurnReads_isLiveAtItsEnd() {
    Body body =
        new Body(code -> {
          code.loop().loop();
          read(code, 0);
          mark(code);
          write(code, 1);
          read(code, 1);
          code.localGet(2).brIf(0).end();
          mark(code);
          code.localGet(2).brIf(0).end();
          mark(code);
        });
    assertThat(body.before(0)).isEqualTo(set(0, 2));
    assertThat(body.before(1)).isEqualTo(set(0, 2));
    assertThat(body.before(2)).isEqualTo(set());
  }

  @Test
  void branch_goesOnAtItsLabel() {
    Body body =
        new Body(code -> {
          code.block().block();
          mark(code);
          code.localGet(0).brTable(0, 1).end();
          read(code, 1);
          mark(code);
          code.ret().end();
          read(code, 2);
        });
    assertThat(body.before(0)).isEqualTo(set(0, 1, 2));
    assertThat(body.before(1)).isEqualTo(set());
  }

  @Test
  void after_joinsTheEnd_andBranchesThatLeave() {
    Body body =
        new Body(code -> {
          code.block().block();
          mark(code);
          code.block().localGet(0).brIf(0).localGet(0).brIf(2).end();
          mark(code);
          code.end();
          read(code, 1);
          write(code, 3);
          code.end();
          read(code, 3);
        });
    assertThat(body.after(0, 1)).isEqualTo(set(1, 3));
    // The branch out of the inner block alone skips what reads 1.
    assertThat(body.before(1)).isEqualTo(set(1));
  }

  @Test
  void tryTable_whatItsHandlerReads_staysLive() {
    Body body =
        new Body(code -> {
          code.block();
          code.tryTable(FuncType.EMPTY, new CodeBuilder.Catch(0, 0, 0));
          mark(code);
          write(code, 0);
          mark(code);
          code.end().ret().end();
          read(code, 0);
        });
    assertThat(body.before(0)).isEqualTo(set(0));
    assertThat(body.after(0, 1)).isEqualTo(set(0));
  }

  @Test
  void legacyTry_whatItsHandlersRead_staysLive_butNotInHandlers() {
    Body body =
        new Body(code -> {
          code.start(Opcode.TRY);
          write(code, 0);
          mark(code);
          write(code, 1);
          code.op(Opcode.CATCH, 0);
          mark(code);
          read(code, 0);
          code.op(Opcode.CATCH_ALL);
          mark(code);
          read(code, 1);
          code.end();
          read(code, 2);
        });
    assertThat(body.before(0)).isEqualTo(set(0, 1, 2));
    assertThat(body.before(1)).isEqualTo(set(0, 2));
    assertThat(body.before(2)).isEqualTo(set(1, 2));
  }

  @Test
  void function_withTooManyBlocksAndLocals_isLeftAlone() {
    Body body =
        new Body(
            1 << 24,
            code -> {
              for (int i = 0; i < 4; i++) {
                code.block().end();
              }
            });
    assertThat(body.liveness).isNull();
  }
}
