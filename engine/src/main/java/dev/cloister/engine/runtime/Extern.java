package dev.cloister.engine.runtime;

/// A value that modules import and export (Spec 4.2.11, external addresses).
public sealed interface Extern permits FuncRef, HostFunction, Table, Memory, Global, Tag {}
