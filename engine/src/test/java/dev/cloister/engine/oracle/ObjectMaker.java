package dev.cloister.engine.oracle;

import static dev.cloister.engine.oracle.FunctionMaker.i32;
import static dev.cloister.engine.types.NumType.I32;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.HeapType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Makes references, structures, arrays and casts.
final class ObjectMaker {
  private final FunctionMaker maker;
  private final ValueMaker values;
  private final Programs programs;
  private final Random random;

  ObjectMaker(FunctionMaker maker, ValueMaker values) {
    this.maker = maker;
    this.values = values;
    this.programs = maker.programs;
    this.random = maker.random;
  }

  private boolean hasGc() {
    return programs.has(WasmFeature.GC);
  }

  private static Tree nullOf(RefType type) {
    return Tree.op(
        List.of(type), List.of(), to -> to.code().heapType(Opcode.REF_NULL, type.heapType()));
  }

  Tree leaf(RefType wanted) {
    return switch (wanted.heapType()) {
      case AbstractHeapType heap ->
          heap == AbstractHeapType.FUNC && !programs.functions.isEmpty() && !programs.oneIn(4)
              ? function(wanted, 1 + random.nextInt(programs.functions.size()))
              : heap == AbstractHeapType.I31 ? i31(wanted, 0) : nullOf(wanted);
      case DefinedType type -> {
        Tree made = type.composite() instanceof FuncType ? functionOf(wanted, type) : null;
        yield made == null ? nullOf(wanted) : made;
      }
    };
  }

  private static Tree function(RefType type, int function) {
    return Tree.op(List.of(type), List.of(), to -> to.code().op(Opcode.REF_FUNC, function));
  }

  private @Nullable Tree functionOf(RefType wanted, DefinedType type) {
    for (int i = 0; i < programs.functions.size(); i++) {
      if (programs.functions.get(i).type().equals(type.composite())) {
        return function(wanted, i + 1);
      }
    }
    return null;
  }

  private Tree i31(RefType wanted, int depth) {
    return FunctionMaker.of(Opcode.REF_I31, wanted, maker.expression(I32, depth));
  }

  /// A value of a nullable type.
  Tree reference(RefType wanted, int depth) {
    Tree element = programs.oneIn(8) ? values.element(wanted, depth - 1) : null;
    if (element != null) {
      return element;
    }
    if (programs.oneIn(12)) {
      return cast(wanted, depth);
    }
    if (programs.has(WasmFeature.TYPED_FUNCTION_REFERENCES) && programs.oneIn(30)) {
      return FunctionMaker.of(Opcode.REF_AS_NON_NULL, wanted, maker.expression(wanted, depth - 1));
    }
    return switch (wanted.heapType()) {
      case DefinedType type ->
          switch (type.composite()) {
            case StructType _ -> structure(wanted, subtypeOf(type), depth);
            case ArrayType _ -> array(wanted, type, depth);
            case FuncType _ -> leaf(wanted);
          };
      case AbstractHeapType heap ->
          switch (heap) {
            case STRUCT -> structure(wanted, programs.pick(programs.structs), depth);
            case ARRAY -> array(wanted, programs.pick(programs.arrays), depth);
            case I31 -> i31(wanted, depth - 1);
            case EQ, ANY -> internal(wanted, depth);
            case EXTERN -> hasGc() ? outside(wanted, depth) : leaf(wanted);
            default -> leaf(wanted);
          };
    };
  }

  private Tree internal(RefType wanted, int depth) {
    return switch (random.nextInt(4)) {
      case 0 -> structure(wanted, programs.pick(programs.structs), depth);
      case 1 -> array(wanted, programs.pick(programs.arrays), depth);
      case 2 -> i31(wanted, depth - 1);
      default ->
          wanted.equals(RefType.ANYREF)
              ? FunctionMaker.of(
                  Opcode.ANY_CONVERT_EXTERN, wanted, maker.expression(RefType.EXTERNREF, depth - 1))
              : i31(wanted, depth - 1);
    };
  }

  private Tree outside(RefType wanted, int depth) {
    return FunctionMaker.of(
        Opcode.EXTERN_CONVERT_ANY, wanted, maker.expression(RefType.ANYREF, depth - 1));
  }

  private DefinedType subtypeOf(DefinedType type) {
    return programs.pick(programs.structs.stream().filter(each -> each.isSubtypeOf(type)).toList());
  }

  private Tree structure(RefType wanted, DefinedType type, int depth) {
    List<FieldType> fields = ((StructType) type.composite()).fields();
    if (depth <= 0 || programs.oneIn(4)) {
      return Tree.op(
          List.of(wanted), List.of(), to -> to.code().op(Opcode.STRUCT_NEW_DEFAULT, to.type(type)));
    }
    List<Tree> operands = new ArrayList<>();
    fields.forEach(field -> operands.add(maker.expression(field.storage().unpacked(), depth - 2)));
    return Tree.op(List.of(wanted), operands, to -> to.code().op(Opcode.STRUCT_NEW, to.type(type)));
  }

  private Tree array(RefType wanted, DefinedType type, int depth) {
    StorageType storage = ((ArrayType) type.composite()).field().storage();
    ValueType element = storage.unpacked();
    return switch (random.nextInt(storage instanceof RefType ? 3 : 4)) {
      case 0 -> {
        List<Tree> operands = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          operands.add(maker.expression(element, depth - 2));
        }
        yield Tree.op(
            List.of(wanted),
            operands,
            to -> to.code().op(Opcode.ARRAY_NEW_FIXED, to.type(type), operands.size()));
      }
      case 1 ->
          element.equals(RefType.FUNCREF) && programs.oneIn(2)
              ? Tree.op(
                  List.of(wanted),
                  List.of(i32(0), i32(random.nextInt(2))),
                  to -> to.code().op(Opcode.ARRAY_NEW_ELEM, to.type(type), 1))
              : Tree.op(
                  List.of(wanted),
                  List.of(maker.expression(element, depth - 2), length(depth - 2)),
                  to -> to.code().op(Opcode.ARRAY_NEW, to.type(type)));
      case 2 ->
          Tree.op(
              List.of(wanted),
              List.of(length(depth - 2)),
              to -> to.code().op(Opcode.ARRAY_NEW_DEFAULT, to.type(type)));
      default -> {
        // Floats from random bytes may be NaNs of any bits.
        if (element == I32) {
          int segment = random.nextInt(programs.data.size());
          yield Tree.op(
              List.of(wanted),
              List.of(i32(random.nextInt(8)), i32(random.nextInt(4))),
              to -> to.code().op(Opcode.ARRAY_NEW_DATA, to.type(type), segment));
        }
        yield Tree.op(
            List.of(wanted),
            List.of(i32(random.nextInt(9))),
            to -> to.code().op(Opcode.ARRAY_NEW_DEFAULT, to.type(type)));
      }
    };
  }

  private Tree length(int depth) {
    return FunctionMaker.of(Opcode.I32_AND, I32, maker.expression(I32, depth), i32(15));
  }

  /// Some type of the same hierarchy whose values are in the pool, above or below or beside.
  private @Nullable RefType related(RefType type) {
    List<RefType> fitting = new ArrayList<>();
    for (ValueType each : programs.types) {
      if (each instanceof RefType other && other.heapType().top() == type.heapType().top()) {
        fitting.add(other);
      }
    }
    return fitting.isEmpty() ? null : programs.pick(fitting);
  }

  /// A cast, which traps if it is wrong; mostly it can be right.
  private Tree cast(RefType wanted, int depth) {
    RefType source = related(wanted);
    if (!hasGc()
        || source == null
        || (!Subtyping.isSubtype(source, wanted) && !programs.oneIn(3))) {
      return leaf(wanted);
    }
    Opcode opcode = programs.oneIn(6) ? Opcode.REF_CAST : Opcode.REF_CAST_NULL;
    return Tree.op(
        List.of(wanted),
        List.of(maker.expression(source, depth - 1)),
        to -> to.code().heapType(opcode, wanted.heapType()));
  }

  private RefType anyReference() {
    List<RefType> references = new ArrayList<>();
    for (ValueType each : programs.types) {
      if (each instanceof RefType reference) {
        references.add(reference);
      }
    }
    return programs.pick(references);
  }

  /// An i32 that tells something about a reference.
  Tree inspect(int depth) {
    if (hasGc()) {
      switch (random.nextInt(6)) {
        case 0 -> {
          return FunctionMaker.of(
              Opcode.REF_EQ,
              I32,
              maker.expression(RefType.EQREF, depth - 1),
              maker.expression(RefType.EQREF, depth - 1));
        }
        case 1 -> {
          RefType source = anyReference();
          RefType target = related(source);
          HeapType heap = target == null ? source.heapType() : target.heapType();
          Opcode opcode = programs.oneIn(2) ? Opcode.REF_TEST : Opcode.REF_TEST_NULL;
          return Tree.op(
              List.of(I32),
              List.of(maker.expression(source, depth - 1)),
              to -> to.code().heapType(opcode, heap));
        }
        case 2 -> {
          return field(depth);
        }
        case 3 -> {
          return element(depth);
        }
        case 4 -> {
          Opcode opcode = programs.oneIn(2) ? Opcode.I31_GET_S : Opcode.I31_GET_U;
          return FunctionMaker.of(opcode, I32, i31(RefType.I31REF, depth - 1));
        }
        default -> {}
      }
    }
    return FunctionMaker.of(Opcode.REF_IS_NULL, I32, maker.expression(anyReference(), depth - 1));
  }

  /// Reads a field, and makes an i32 of it: of a structure that was just made, mostly.
  private Tree field(int depth) {
    DefinedType type = programs.pick(programs.structs);
    List<FieldType> fields = ((StructType) type.composite()).fields();
    int field = random.nextInt(fields.size());
    StorageType storage = fields.get(field).storage();
    Opcode opcode =
        storage instanceof PackedType
            ? programs.oneIn(2) ? Opcode.STRUCT_GET_S : Opcode.STRUCT_GET_U
            : Opcode.STRUCT_GET;
    Tree read =
        Tree.op(
            List.of(storage.unpacked()),
            List.of(structOf(type, depth - 1)),
            to -> to.code().op(opcode, to.type(type), field));
    return asI32(read, storage.unpacked());
  }

  /// Keeps a value of any type, or tells whether a reference is null.
  private Tree asI32(Tree value, ValueType type) {
    if (type == I32) {
      return value;
    }
    if (type instanceof RefType) {
      return FunctionMaker.of(Opcode.REF_IS_NULL, I32, value);
    }
    int local = maker.local(type);
    return Tree.op(List.of(I32), List.of(value), to -> to.code().localSet(local).i32Const(local));
  }

  private Tree structOf(DefinedType type, int depth) {
    RefType wanted = RefType.of(true, type);
    return programs.oneIn(12)
        ? maker.expression(wanted, depth)
        : structure(wanted, subtypeOf(type), depth);
  }

  private Tree element(int depth) {
    DefinedType type = programs.pick(programs.arrays);
    RefType wanted = RefType.of(true, type);
    StorageType storage = ((ArrayType) type.composite()).field().storage();
    if (programs.oneIn(3)) {
      return FunctionMaker.of(Opcode.ARRAY_LEN, I32, array(wanted, type, depth - 1));
    }
    Opcode opcode =
        storage instanceof PackedType
            ? programs.oneIn(2) ? Opcode.ARRAY_GET_S : Opcode.ARRAY_GET_U
            : Opcode.ARRAY_GET;
    Tree filled =
        Tree.op(
            List.of(wanted),
            List.of(maker.expression(storage.unpacked(), depth - 1), i32(8)),
            to -> to.code().op(Opcode.ARRAY_NEW, to.type(type)));
    Tree index = FunctionMaker.of(Opcode.I32_AND, I32, maker.expression(I32, depth - 1), i32(7));
    Tree read =
        Tree.op(
            List.of(storage.unpacked()),
            List.of(programs.oneIn(10) ? array(wanted, type, depth - 1) : filled, index),
            to -> to.code().op(opcode, to.type(type)));
    return asI32(read, storage.unpacked());
  }

  /// A statement on an object that a local holds, made first if the local is null.
  Tree statement(int depth) {
    if (!hasGc()) {
      return maker.statement(depth - 1);
    }
    return programs.oneIn(2) ? setField(depth) : changeArray(depth);
  }

  private static boolean isMutable(FieldType field) {
    return field.mutable();
  }

  private Tree setField(int depth) {
    DefinedType type = programs.pick(programs.structs);
    List<FieldType> fields = ((StructType) type.composite()).fields();
    int field = random.nextInt(fields.size());
    if (!isMutable(fields.get(field))) {
      return maker.statement(depth - 1);
    }
    RefType wanted = RefType.of(true, type);
    Tree value = maker.expression(fields.get(field).storage().unpacked(), depth - 1);
    return guarded(
        wanted,
        subject ->
            Tree.op(
                List.of(),
                List.of(subject, value),
                to -> to.code().op(Opcode.STRUCT_SET, to.type(type), field)));
  }

  private interface WithSubject {
    Tree make(Tree subject);
  }

  /// Does something with the object in a local unless it is null; now and then without looking.
  private Tree guarded(RefType type, WithSubject use) {
    int local = maker.local(type);
    Tree used = use.make(FunctionMaker.localGet(type, local));
    if (programs.oneIn(12)) {
      return used;
    }
    Tree isThere =
        FunctionMaker.of(
            Opcode.I32_EQZ,
            I32,
            FunctionMaker.of(Opcode.REF_IS_NULL, I32, FunctionMaker.localGet(type, local)));
    return new Tree(
        List.of(),
        List.of(List.of(isThere), List.of(used)),
        to -> to.code().ifThen(),
        new Tree.Label());
  }

  private Tree changeArray(int depth) {
    DefinedType type = programs.pick(programs.arrays);
    FieldType field = ((ArrayType) type.composite()).field();
    if (!isMutable(field)) {
      return maker.statement(depth - 1);
    }
    RefType wanted = RefType.of(true, type);
    ValueType element = field.storage().unpacked();
    boolean isShort = !programs.oneIn(10);
    Tree from = isShort ? i32(0) : length(depth - 1);
    Tree count = isShort ? i32(random.nextInt(2)) : length(depth - 1);
    if (element == I32 && programs.oneIn(4)) {
      int segment = random.nextInt(programs.data.size());
      return guarded(
          wanted,
          subject ->
              Tree.op(
                  List.of(),
                  List.of(subject, from, i32(random.nextInt(8)), count),
                  to -> to.code().op(Opcode.ARRAY_INIT_DATA, to.type(type), segment)));
    }
    if (element.equals(RefType.FUNCREF) && programs.oneIn(2)) {
      return guarded(
          wanted,
          subject ->
              Tree.op(
                  List.of(),
                  List.of(subject, from, i32(0), count),
                  to -> to.code().op(Opcode.ARRAY_INIT_ELEM, to.type(type), 1)));
    }
    return switch (random.nextInt(3)) {
      case 0 -> {
        Tree value = maker.expression(element, depth - 1);
        yield guarded(
            wanted,
            subject ->
                Tree.op(
                    List.of(),
                    List.of(subject, from, value),
                    to -> to.code().op(Opcode.ARRAY_SET, to.type(type))));
      }
      case 1 -> {
        Tree value = maker.expression(element, depth - 1);
        yield guarded(
            wanted,
            subject ->
                Tree.op(
                    List.of(),
                    List.of(subject, from, value, count),
                    to -> to.code().op(Opcode.ARRAY_FILL, to.type(type))));
      }
      default -> {
        Tree source = array(wanted, type, depth - 1);
        yield guarded(
            wanted,
            subject ->
                Tree.op(
                    List.of(),
                    List.of(subject, from, source, i32(0), count),
                    to -> to.code().op(Opcode.ARRAY_COPY, to.type(type), to.type(type))));
      }
    };
  }

  /// A branch on null or on a type, to a new block that takes the reference.
  Tree branch(int depth, List<FunctionMaker.Block> blocks) {
    if (!programs.has(WasmFeature.TYPED_FUNCTION_REFERENCES)) {
      return maker.statement(depth - 1);
    }
    RefType source = anyReference();
    if (programs.oneIn(2)) {
      FunctionMaker.Block block = programs.pick(blocks);
      List<Tree> operands = new ArrayList<>(maker.expressions(block.types(), depth - 1));
      operands.add(maker.expression(source, depth - 1));
      return Tree.op(
          List.of(),
          operands,
          to -> {
            to.code().op(Opcode.BR_ON_NULL, to.depth(block.label())).drop();
            block.types().forEach(_ -> to.code().drop());
          });
    }
    Tree.Label end = new Tree.Label();
    RefType target = related(source);
    boolean isCast = hasGc() && target != null && Subtyping.isSubtype(target, source);
    Opcode opcode = programs.oneIn(2) ? Opcode.BR_ON_CAST : Opcode.BR_ON_CAST_FAIL;
    Tree jump =
        Tree.op(
            List.of(source),
            List.of(maker.expression(source, depth - 1)),
            to -> {
              if (isCast && target != null) {
                to.code().castBranch(opcode, to.depth(end), source, target);
              } else {
                to.code().op(Opcode.BR_ON_NON_NULL, to.depth(end));
                to.code().heapType(Opcode.REF_NULL, source.heapType());
              }
            });
    Tree log = Tree.op(List.of(), List.of(), to -> to.code().i64Const(77).call(0));
    Tree block =
        Tree.block(
            List.of(source), end, List.of(), to -> to.code().block(source), List.of(jump, log));
    int local = maker.local(source);
    return FunctionMaker.localSet(local, block);
  }
}
