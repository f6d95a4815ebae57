package dev.cloister.engine.module;

/// An instruction of a function, for people.
///
/// @param offset where in the module it starts
/// @param text much as the text format has it
public record InstructionText(int offset, String text) {}
