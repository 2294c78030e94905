package reconstruct
import ("testing";"path/filepath";"strings";"fmt")
func TestHeldOut(t *testing.T){
 for _,seed:=range []uint64{2,3,7}{
 store,key:=simulated(t,seed)
 rec:=newTest(t,store,nil)
 for _,in:=range key.Incidents{ if len(in.Processes)==0{continue}
  for _,st:=range in.Steps{ id,ok:=hostRecord(store,st); if !ok{continue}
   res,err:=rec.Incident(t.Context(),id); if err!=nil{t.Fatal(err)}
   h,w:=scoreProcesses(t,res,in)
   t.Log(seed,st.N,st.Technique,h,len(in.Processes),w,"told",told(store,res,in),len(in.Steps),len(res.Steps),res.Incident.UID,res.Incident.Grade)
  }}
  bleed:=0
  for _,l:=range key.Lookalikes{ e:=l.Events[0]; id,ok:=store.places[place{tail(e.File),int64(e.Record)}]; if !ok{continue}
   res,err:=rec.Incident(t.Context(),id); if err!=nil{t.Fatal(err)}
   h,_:=scoreProcesses(t,res,key.Incidents[0])
   if h>0 {bleed++; t.Log("BLEED",l.Name,h,len(res.Steps))}
  }
  t.Log("lookalikes",len(key.Lookalikes),"bleed",bleed)
 }
}
func TestMerged(t *testing.T){
 var paths []string
 keys:=readKeys(t)
 for _,k:=range keys{paths=append(paths,filepath.Join(recordings,k.Source.Archive))}
 store:=ingest(t,paths...)
 rec:=newTest(t,store,nil)
 for _,k:=range keys{ for _,s:=range k.Seeds{
  seed:=seedAt(t,store,k.Source.Inner,s.Line)
  res,err:=rec.Incident(t.Context(),seed); if err!=nil{t.Fatal(err)}
  foreign:=[]string{}
  for _,n:=range res.Graph.Nodes{ if n.Type=="process"&&(n.Verdict=="controlled"||n.Verdict=="entry"){ ok:=false; for _,x:=range k.Starts{ if bare(x.GUID)==n.ProcessUID{ok=true}}; if !ok&&!controlledElsewhere(res,n.ID)&&!strings.Contains(n.Label,"conhost"){foreign=append(foreign,n.Host+":"+n.Label)}}}
  t.Log(k.Campaign,s.ID,fmt.Sprint(foreign),res.Incident.Hosts,len(res.Steps),res.Incident.Considered)
 }}
}
