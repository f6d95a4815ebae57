package dev.cloister.engine.types;

/// What a module's type definition describes: functions, structures or arrays (Spec 2.3.10).
public sealed interface CompositeType permits FuncType, StructType, ArrayType {}
