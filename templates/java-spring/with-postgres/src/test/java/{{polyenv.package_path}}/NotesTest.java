package {{polyenv.package}};

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.transaction.annotation.Transactional;

/** Each test is taken back, so that the data that you work with stay as they are. */
@SpringBootTest
@Transactional
class NotesTest {

  @Autowired private Notes notes;

  @Test
  void areKeptByTheDatabase() {
    var before = notes.list().size();
    var added = notes.add("José O'Hara");
    assertThat(notes.list()).hasSize(before + 1).contains(added);
  }
}
