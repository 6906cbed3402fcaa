// SPDX-License-Identifier: Apache-2.0
// What Apache Avro for Java makes of schemas and data: one question a line on standard input, one answer a line.
//
//   schema S             canonical form, tab, CRC-64-AVRO as eight bytes in hex, little-endian
//   check W R            yes or no: can data of W be read as R?
//   decode W R HEX       Avro's JSON encoding
//   encode S JSON        the datum in hex
//
// Words are parted by tabs. An answer that begins with "error: " says what Java said.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonEncoder;

public class Answers {
  private static Schema parse(String text) {
    return new Schema.Parser().parse(text);
  }

  private static String schema(Schema schema) {
    long fingerprint = SchemaNormalization.parsingFingerprint64(schema);
    return SchemaNormalization.toParsingForm(schema) + "\t" + String.format("%016x", Long.reverseBytes(fingerprint));
  }

  private static String check(Schema writer, Schema reader) {
    return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
        .getType() == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE ? "yes" : "no";
  }

  private static String decode(Schema writer, Schema reader, byte[] bytes) throws IOException {
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, null);
    Object datum = new GenericDatumReader<Object>(writer, reader).read(null, decoder);
    if (!decoder.isEnd())
      return "error: bytes are left over";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonEncoder encoder = EncoderFactory.get().jsonEncoder(reader, out);
    new GenericDatumWriter<Object>(reader).write(datum, encoder);
    encoder.flush();
    return out.toString(StandardCharsets.UTF_8);
  }

  private static String encode(Schema schema, String json) throws IOException {
    Object datum = new GenericDatumReader<Object>(schema, schema).read(null, DecoderFactory.get().jsonDecoder(schema, json));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<Object>(schema).write(datum, encoder);
    encoder.flush();
    return HexFormat.of().formatHex(out.toByteArray());
  }

  private static String answer(String[] words) throws IOException {
    Schema first = parse(words[1]);
    switch (words[0]) {
    case "schema":
      return schema(first);
    case "check":
      return check(first, parse(words[2]));
    case "decode":
      return decode(first, parse(words[2]), HexFormat.of().parseHex(words[3]));
    default:
      return encode(first, words[2]);
    }
  }

  public static void main(String[] arguments) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String answer;
      try {
        answer = answer(line.split("\t", -1));
      } catch (Exception | StackOverflowError | OutOfMemoryError failed) {
        answer = "error: " + failed.getClass().getSimpleName() + ": " + failed.getMessage();
      }
      out.println(answer.replace('\n', ' ').replace('\r', ' '));
      out.flush();
    }
  }
}
