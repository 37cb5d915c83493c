from tests.cli.person import Person
def test_x(person: Person):
    print(person.call("ask","-h"))
    assert 0
