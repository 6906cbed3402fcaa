// SPDX-License-Identifier: Apache-2.0
// usage: java Containers.java IN OUT CODEC [IN OUT CODEC ...]: reads each container file and writes its values into another, by Apache Avro.
import java.io.File;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;

public class Containers {
    public static void main(String[] words) throws Exception {
        for (int at = 0; at + 2 < words.length; at += 3) {
            try (DataFileReader<Object> reader = new DataFileReader<>(new File(words[at]), new GenericDatumReader<>());
                 DataFileWriter<Object> writer = new DataFileWriter<>(new GenericDatumWriter<>(reader.getSchema()))) {
                writer.setCodec(CodecFactory.fromString(words[at + 2]));
                writer.setSyncInterval(2000);
                writer.setMeta("made.by", "Java");
                writer.create(reader.getSchema(), new File(words[at + 1]));
                while (reader.hasNext())
                    writer.append(reader.next());
            }
        }
    }
}
