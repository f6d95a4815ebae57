package dev.cloister.engine.types;

/// The type of an import or export (Spec 2.3.16).
public sealed interface ExternType
    permits FuncExternType, TableType, MemoryType, GlobalType, TagType {}
