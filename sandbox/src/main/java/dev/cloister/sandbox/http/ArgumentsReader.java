package dev.cloister.sandbox.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the arguments of a call: a list of numbers, texts, booleans and nulls.
///
/// Their number is bounded, since a byte of text can become an object of forty. A list or an object
/// among them fits no parameter: it is skipped and stands there empty, for the error that names it.
final class ArgumentsReader extends JsonDeserializer<List<@Nullable Object>> {
  /// Functions have no more than 1,000 parameters.
  static final int MAX_ARGUMENTS = 1_000;

  /// The most tokens within lists and objects, of which the parser notes the names.
  private static final int MAX_SKIPPED = 10_000;

  @Override
  public List<@Nullable Object> deserialize(JsonParser parser, DeserializationContext context)
      throws IOException {
    List<@Nullable Object> arguments = new ArrayList<>();
    if (!parser.isExpectedStartArrayToken()) {
      context.handleUnexpectedToken(List.class, parser);
      return arguments;
    }
    Skipped skipped = new Skipped();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      if (arguments.size() == MAX_ARGUMENTS) {
        throw tooMany("args has more than the " + MAX_ARGUMENTS + " that it can have", parser);
      }
      arguments.add(value(parser, token, skipped));
    }
    return arguments;
  }

  private static @Nullable Object value(JsonParser parser, JsonToken token, Skipped skipped)
      throws IOException {
    return switch (token) {
      case START_ARRAY -> {
        skip(parser, skipped);
        yield List.of();
      }
      case START_OBJECT -> {
        skip(parser, skipped);
        yield Map.of();
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getNumberValue();
      case VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private static void skip(JsonParser parser, Skipped skipped) throws IOException {
    int depth = 1;
    while (depth > 0) {
      JsonToken token = parser.nextToken();
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      }
      if (++skipped.tokens > MAX_SKIPPED) {
        throw tooMany("lists and objects in args have more than " + MAX_SKIPPED, parser);
      }
    }
  }

  private static StreamConstraintsException tooMany(String what, JsonParser parser) {
    return new StreamConstraintsException(what + " values", parser.currentLocation());
  }

  /// How much was skipped in all arguments.
  private static final class Skipped {
    int tokens;
  }
}
