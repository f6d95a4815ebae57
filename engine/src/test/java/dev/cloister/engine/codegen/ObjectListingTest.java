package dev.cloister.engine.codegen;

import static dev.cloister.engine.codegen.GoldenListing.functions;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.ANYREF;
import static dev.cloister.engine.types.RefType.EXNREF;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What objects, casts, tail calls and exceptions become; see [GoldenListing].
final class ObjectListingTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));

  @Test
  void tailCalls_leaveArgumentsAndTargetToALoop() {
    FuncType mixed = new FuncType(List.of(I32, EXTERNREF, F64), List.of(I32));
    GoldenListing.assertMatches(
        "tail-calls",
        new ModuleBuilder()
            .importFunction("host", "f", mixed)
            .function(
                mixed,
                code ->
                    code.localGet(0)
                        .ifThen()
                        .localGet(0)
                        .localGet(1)
                        .localGet(2)
                        .op(Opcode.RETURN_CALL, 0)
                        .end()
                        .i32Const(5)
                        .localGet(1)
                        .localGet(2)
                        .op(Opcode.RETURN_CALL, 1))
            .function(INT, code -> code.localGet(0).localGet(0).returnCallIndirect(INT, 0))
            .function(VOID, code -> code.op(Opcode.REF_FUNC, 3).returnCallRef(VOID))
            .table(new TableType(FUNCREF, Limits.of(1)))
            .elements(Mode.DECLARATIVE, 3));
  }

  @Test
  void structures_areFieldsBehindANullCheck() {
    ModuleBuilder module = new ModuleBuilder();
    FieldType number = new FieldType(I32, true);
    DefinedType point = module.openType(null, new StructType(List.of(number, number)));
    DefinedType pixel =
        module.openType(
            point,
            new StructType(
                List.of(
                    number, number, new FieldType(PackedType.I8, true), new FieldType(I64, true))));
    FuncType get = new FuncType(List.of(RefType.of(true, pixel)), List.of(I32));
    FuncType set = new FuncType(List.of(RefType.of(true, pixel), I64), List.of());
    FuncType make = new FuncType(List.of(I32), List.of(RefType.of(true, pixel)));
    GoldenListing.assertMatches(
        "structures",
        module
            .function(
                make,
                code ->
                    code.localGet(0)
                        .i32Const(1)
                        .i32Const(2)
                        .i64Const(3)
                        .op(Opcode.STRUCT_NEW, pixel))
            .function(make, code -> code.op(Opcode.STRUCT_NEW_DEFAULT, pixel))
            .function(get, code -> code.localGet(0).op(Opcode.STRUCT_GET, point, 1))
            .function(get, code -> code.localGet(0).op(Opcode.STRUCT_GET_S, pixel, 2))
            .function(get, code -> code.localGet(0).op(Opcode.STRUCT_GET_U, pixel, 2))
            .function(set, code -> code.localGet(0).localGet(1).op(Opcode.STRUCT_SET, pixel, 3))
            .function(
                set,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .op(Opcode.I32_WRAP_I64)
                        .op(Opcode.STRUCT_SET, pixel, 2)));
  }

  /// Fields behind the thousandth are in arrays.
  @Test
  void wideStructures_areMadeInGroups() {
    ModuleBuilder module = new ModuleBuilder();
    FieldType field = new FieldType(F32, true);
    FieldType reference = new FieldType(EXTERNREF, true);
    List<FieldType> fields = new ArrayList<>(Collections.nCopies(1_001, field));
    fields.add(reference);
    DefinedType wide = module.type(new StructType(fields));
    RefType type = RefType.of(true, wide);
    GoldenListing.assertMatches(
        "wide_structures",
        module
            .function(
                new FuncType(List.of(type), List.of(F32)),
                code -> code.localGet(0).op(Opcode.STRUCT_GET, wide, 1_000))
            .function(
                new FuncType(List.of(type, F32), List.of()),
                code -> code.localGet(0).localGet(1).op(Opcode.STRUCT_SET, wide, 1_000))
            .function(
                new FuncType(List.of(type, EXTERNREF), List.of()),
                code -> code.localGet(0).localGet(1).op(Opcode.STRUCT_SET, wide, 1_001)));
  }

  @Test
  void arrays_areCallsOfTheirClass() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType bytes = module.type(new ArrayType(new FieldType(PackedType.I8, true)));
    DefinedType doubles = module.type(new ArrayType(new FieldType(F64, true)));
    RefType type = RefType.of(true, bytes);
    FuncType make = new FuncType(List.of(I32), List.of(type));
    FuncType get = new FuncType(List.of(type, I32), List.of(I32));
    FuncType change = new FuncType(List.of(type, I32), List.of());
    GoldenListing.assertMatches(
        "arrays",
        module
            .passiveData(new byte[4])
            .function(make, code -> code.i32Const(7).localGet(0).op(Opcode.ARRAY_NEW, bytes))
            .function(make, code -> code.localGet(0).op(Opcode.ARRAY_NEW_DEFAULT, bytes))
            .function(
                make, code -> code.localGet(0).i32Const(2).op(Opcode.ARRAY_NEW_DATA, bytes, 0))
            .function(
                new FuncType(List.of(F64), List.of(RefType.of(true, doubles))),
                code -> {
                  for (int i = 0; i < 9; i++) {
                    code.localGet(0);
                  }
                  code.op(Opcode.ARRAY_NEW_FIXED, doubles, 9);
                })
            .function(get, code -> code.localGet(0).localGet(1).op(Opcode.ARRAY_GET_S, bytes))
            .function(get, code -> code.localGet(0).localGet(1).op(Opcode.ARRAY_GET_U, bytes))
            .function(get, code -> code.localGet(0).op(Opcode.ARRAY_LEN))
            .function(
                change,
                code -> code.localGet(0).localGet(1).i32Const(3).op(Opcode.ARRAY_SET, bytes))
            .function(
                change,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .i32Const(3)
                        .i32Const(4)
                        .op(Opcode.ARRAY_FILL, bytes))
            .function(
                change,
                code ->
                    code.localGet(0)
                        .i32Const(1)
                        .localGet(0)
                        .localGet(1)
                        .i32Const(4)
                        .op(Opcode.ARRAY_COPY, bytes, 0))
            .function(
                change,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .i32Const(3)
                        .i32Const(4)
                        .op(Opcode.ARRAY_INIT_DATA, bytes, 0)));
  }

  @Test
  void casts_areTestsAndBranches() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType point = module.type(new StructType(List.of(new FieldType(I32, true))));
    FuncType test = new FuncType(List.of(ANYREF), List.of(I32));
    FuncType cast = new FuncType(List.of(ANYREF), List.of(RefType.of(true, point)));
    GoldenListing.assertMatches(
        "casts",
        module
            .function(test, code -> code.localGet(0).heapType(Opcode.REF_TEST, point))
            .function(
                test, code -> code.localGet(0).heapType(Opcode.REF_TEST_NULL, AbstractHeapType.EQ))
            .function(
                test, code -> code.localGet(0).heapType(Opcode.REF_TEST, AbstractHeapType.NONE))
            .function(cast, code -> code.localGet(0).heapType(Opcode.REF_CAST_NULL, point))
            .function(
                cast,
                code ->
                    code.block(RefType.of(true, point))
                        .localGet(0)
                        .castBranch(Opcode.BR_ON_CAST, 0, ANYREF, RefType.of(true, point))
                        .drop()
                        .heapType(Opcode.REF_NULL, point)
                        .end())
            .function(
                new FuncType(List.of(I32), List.of(I32)),
                code ->
                    code.localGet(0)
                        .op(Opcode.REF_I31)
                        .op(Opcode.I31_GET_U)
                        .op(Opcode.REF_I31)
                        .i32Const(1)
                        .op(Opcode.REF_I31)
                        .op(Opcode.REF_EQ)));
  }

  @Test
  void handlers_beginWithTheExceptionInAVariable() {
    FuncType pair = new FuncType(List.of(I32, EXTERNREF), List.of());
    GoldenListing.assertMatches(
        "exceptions",
        new ModuleBuilder()
            .tag(pair)
            .tag(VOID)
            .function(pair, code -> code.localGet(0).localGet(1).op(Opcode.THROW, 0))
            .function(
                TO_INT,
                code -> {
                  // A local waits below the block; the second clause throws again.
                  int local = code.local(I32);
                  code.localGet(local).block(EXNREF);
                  code.start(Opcode.BLOCK, new FuncType(List.of(), List.of(I32, EXTERNREF)));
                  code.tryTable(
                      VOID,
                      new CodeBuilder.Catch(/* kind= */ 0, /* tag= */ 0, /* label= */ 0),
                      new CodeBuilder.Catch(/* kind= */ 3, /* tag= */ 0, /* label= */ 1));
                  code.i32Const(5)
                      .localTee(local)
                      .heapType(Opcode.REF_NULL, AbstractHeapType.EXTERN);
                  code.call(0).end().i32Const(1).ret().end();
                  code.drop().ret().end();
                  code.op(Opcode.THROW_REF);
                }));
  }

  @Test
  void legacyHandlers_areLikeTheNewerOnes() {
    GoldenListing.assertMatches(
        "legacy-exceptions",
        functions(
                TO_INT,
                List.of(
                    code ->
                        code.start(Opcode.TRY, I32)
                            .op(Opcode.THROW, 1)
                            .op(Opcode.CATCH, 0)
                            .op(Opcode.CATCH_ALL)
                            .op(Opcode.RETHROW, 0)
                            .end(),
                    code ->
                        code.start(Opcode.TRY, I32)
                            .start(Opcode.TRY, I32)
                            .start(Opcode.TRY, I32)
                            .call(0)
                            .op(Opcode.DELEGATE, 1)
                            .op(Opcode.CATCH, 0)
                            .end()
                            .op(Opcode.CATCH_ALL)
                            .i32Const(7)
                            .end()))
            .tag(new FuncType(List.of(I32), List.of()))
            .tag(VOID));
  }
}
