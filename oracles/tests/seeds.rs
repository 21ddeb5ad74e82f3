//! Each oracle with what its corpus begins with: one that is wrong shows before a fuzzer runs.

macro_rules! each_seed_passes {
    ($($oracle:ident),+ $(,)?) => {
        mod each_seed_passes {
            $(
                #[test]
                fn $oracle() {
                    let corpora = kazashi_oracles::corpora().unwrap();
                    let corpus =
                        corpora.iter().find(|corpus| corpus.name == stringify!($oracle)).unwrap();
                    assert!(!corpus.seeds.is_empty());
                    for seed in &corpus.seeds {
                        kazashi_oracles::$oracle(seed);
                    }
                }
            )+
        }

        #[test]
        fn every_corpus_has_a_test() {
            let corpora = kazashi_oracles::corpora().unwrap();
            let names: Vec<_> = corpora.iter().map(|corpus| corpus.name).collect();
            assert_eq!(names, [$(stringify!($oracle)),+]);
        }
    };
}

each_seed_passes! {
    policy,
    apdu,
    tlv,
    cv_certificate,
    wire,
    token,
    presence_proof,
    card_face,
    photo,
}
