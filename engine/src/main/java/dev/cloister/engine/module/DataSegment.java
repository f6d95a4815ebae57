package dev.cloister.engine.module;

import org.jspecify.annotations.Nullable;

/// A data segment (Spec 2.5.9); its bytes stay in the module's bytes.
///
/// @param active whether instantiation copies it to a memory
/// @param memoryIndex the memory of an active segment
/// @param offset the address of an active segment
/// @param dataOffset where in the module the bytes start
/// @param dataLength number of bytes
public record DataSegment(
    boolean active, int memoryIndex, @Nullable ConstExpr offset, int dataOffset, int dataLength) {}
