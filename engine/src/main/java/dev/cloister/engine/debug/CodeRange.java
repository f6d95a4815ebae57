package dev.cloister.engine.debug;

/// Instructions of a module that steps run through without a pause.
///
/// @param module the number of the module, see [DebugModule#id]
/// @param start module offset of the first
/// @param end module offset behind the last
public record CodeRange(int module, int start, int end) {
  boolean contains(int inModule, int offset) {
    return module == inModule && offset >= start && offset < end;
  }
}
